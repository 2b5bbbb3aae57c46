using System.Globalization;
using Dispatch.Web.Shared;
using Microsoft.AspNetCore.Localization;

namespace Dispatch.Web.Startup;

/// <summary>French and English: the cookie of the switch first, then what the browser asks for.</summary>
internal static class Languages
{
    public static readonly IReadOnlyList<CultureInfo> All = [CultureInfo.GetCultureInfo("en"), CultureInfo.GetCultureInfo("fr")];

    public static void AddDispatchLanguages(this IServiceCollection services)
    {
        services.AddLocalization();
        services.Configure<RequestLocalizationOptions>(options =>
        {
            options.DefaultRequestCulture = new RequestCulture(All[0]);
            options.SupportedCultures = [.. All];
            options.SupportedUICultures = [.. All];
            options.RequestCultureProviders = [new CookieRequestCultureProvider(), new AcceptLanguageHeaderRequestCultureProvider()];
        });
    }

    public static void UseDispatchLanguages(this WebApplication app) => app.UseRequestLocalization();

    public static void MapDispatchLanguages(this WebApplication app) => app.MapGet("/culture", (HttpContext context, string? set, string? @return) =>
    {
        if (All.FirstOrDefault(c => string.Equals(c.Name, set, StringComparison.Ordinal)) is { } culture)
        {
            context.Response.Cookies.Append(
                CookieRequestCultureProvider.DefaultCookieName,
                CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(culture)),
                new CookieOptions { MaxAge = TimeSpan.FromDays(365), SameSite = SameSiteMode.Lax, HttpOnly = true, IsEssential = true, Secure = context.Request.IsHttps });
        }
        return Results.LocalRedirect(LocalUrl.Or(@return, "/"));
    }).AllowAnonymous().ExcludeFromDescription();
}
