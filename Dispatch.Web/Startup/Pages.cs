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
    public static void AddDispatchPages(this IServiceCollection services)
    {
        services.TryAddSingleton<DatabaseMigrator>();
        services.AddHttpContextAccessor();
        services.AddRazorComponents().AddInteractiveServerComponents();
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
