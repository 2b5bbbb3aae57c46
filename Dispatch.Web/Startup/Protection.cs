using Microsoft.AspNetCore.DataProtection;

namespace Dispatch.Web.Startup;

/// <summary>Keys that outlive a restart, and headers that leave a script from elsewhere nothing to do.</summary>
internal static class Protection
{
    // unsafe-inline for styles: Radzen positions its popups through style attributes. No script may be inline, not even ours.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; "
        + "object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    public static void AddDispatchProtection(this IServiceCollection services, IConfiguration configuration)
    {
        var folder = Directory.CreateDirectory(configuration["DataProtection:Path"] ?? "data/keys");
        services.AddDataProtection().SetApplicationName("Dispatch").PersistKeysToFileSystem(folder);
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "dispatch.form";
            // Said below, and stricter.
            options.SuppressXFrameOptionsHeader = true;
        });
        services.AddHsts(options => options.MaxAge = TimeSpan.FromDays(180));
    }

    public static void UseDispatchSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment()) app.UseHsts();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers.XFrameOptions = "DENY";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            return next(context);
        });
    }
}
