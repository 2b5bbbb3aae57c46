using Dispatch.Core.Nodes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

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
        var protection = services.AddDataProtection().SetApplicationName("Dispatch");
        if (configuration["DataProtection:Secret"] is { Length: > 0 } secret)
        {
            // In the database, for every node: the secret is what they have to share.
            services.AddSingleton(new ProtectionSecret(secret));
            services.AddSingleton<DatabaseKeyRing>();
            services.AddOptions<KeyManagementOptions>().Configure<DatabaseKeyRing>((options, ring) => (options.XmlRepository, options.XmlEncryptor) = (ring, new SecretXmlEncryptor(secret)));
        }
        else
        {
            protection.PersistKeysToFileSystem(Directory.CreateDirectory(configuration["DataProtection:Path"] ?? "data/keys"));
        }
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
