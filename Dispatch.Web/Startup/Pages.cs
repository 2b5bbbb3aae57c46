using Dispatch.Core.Data;
using Dispatch.Web.Browser;
using Dispatch.Web.Layout;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Radzen;

namespace Dispatch.Web.Startup;

/// <summary>Razor components, their scripts and styles, and the pages for what went wrong.</summary>
internal static class Pages
{
    /// <summary>A connection without a sign from the browser is kept for so long.</summary>
    private static readonly TimeSpan SilenceOfAHiddenTab = TimeSpan.FromMinutes(2);

    public static void AddDispatchPages(this IServiceCollection services)
    {
        services.TryAddSingleton<DatabaseMigrator>();
        services.AddHttpContextAccessor();
        // Browsers wake a tab in the background, or on a phone whose screen is off, once a minute at worst; the standard of 30 s would take every such
        // tab for lost. Who really is away is told by the waiting contact, not by the connection (see ActivityRules.IsInactive).
        services.AddRazorComponents().AddInteractiveServerComponents().AddHubOptions(hub => hub.ClientTimeoutInterval = SilenceOfAHiddenTab);
        services.AddRadzenComponents();
        services.AddCascadingAuthenticationState();
        services.AddScoped<BrowserInterop>();
        services.AddScoped<BrowserTime>();
        services.AddScoped<Shortcuts>();
    }

    public static void UseDispatchErrors(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment()) app.UseExceptionHandler("/error", createScopeForErrors: true);
        // People get a page; programs that call the API get the bare status and its problem details.
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.Use((context, next) =>
        {
            if (!context.Request.WantsPage() && context.Features.Get<IStatusCodePagesFeature>() is { } pages) pages.Enabled = false;
            return next(context);
        });
    }

    public static void MapDispatchAssets(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        app.MapBlazorScriptFallback();
    }

    public static void MapDispatchPages(this WebApplication app) => app.MapRazorComponents<App>()
        // Our own header forbids framing altogether.
        .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null);

    /// <summary>A browser that goes to a page, as opposed to a program or a script.</summary>
    public static bool WantsPage(this HttpRequest request) =>
        request.Headers.Accept.Any(a => a?.Contains("text/html", StringComparison.OrdinalIgnoreCase) == true);
}
