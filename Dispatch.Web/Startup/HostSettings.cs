using System.Net;
using System.Net.NetworkInformation;
using Microsoft.AspNetCore.Connections;

namespace Dispatch.Web.Startup;

/// <summary>Where the host listens, where its files are and what it says on the console.</summary>
internal static class HostSettings
{
    private const string StandardUrl = "http://localhost:5080";

    /// <summary>Null, and one line on <paramref name="errors"/>, when a settings file cannot be read.</summary>
    public static WebApplicationBuilder? CreateBuilder(string[] args, TextWriter errors)
    {
        try
        {
            var files = Path.Combine(AppContext.BaseDirectory, "wwwroot");
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions
            {
                Args = args,
                // Started from anywhere: the settings that lie beside the program. Started from the repository: the ones at its root.
                ContentRootPath = File.Exists("appsettings.json") ? null : ContentRoot(args),
                WebRootPath = Directory.Exists(files) ? files : null,
            });
            // Finds styles and scripts in a build that was not published, whatever the environment; does nothing in one that was.
            builder.WebHost.UseStaticWebAssets();
            builder.WebHost.UseSetting(WebHostDefaults.PreventHostingStartupKey, "true");
            builder.UseStandardAddress();
            // The framework's start-up chatter stays away even where appsettings.json is missing.
            builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
                // A connection that fails is an exception as well, and whoever catches that says it better.
                .AddFilter("Microsoft.EntityFrameworkCore.Database.Connection", LogLevel.None);
            return builder;
        }
        catch (InvalidDataException e)
        {
            errors.WriteLine($"appsettings.json: cannot be read ({e.InnerException?.Message ?? e.Message}); allowed: JSON");
            return null;
        }
    }

    public static bool DemoEnabled(this IConfiguration configuration, IHostEnvironment environment) =>
        bool.TryParse(configuration["Demo:Enabled"], out var enabled) ? enabled : environment.IsDevelopment();

    /// <summary>Runs until told to stop. An address that is taken is a wrong setting, not a crash.</summary>
    public static async Task<int> RunUntilStoppedAsync(this WebApplication app)
    {
        // Ports and endpoints named in other ways are Kestrel's to report: asking for the standard address would refuse to start for its sake.
        var configured = app.Configuration["urls"] ?? (IsToldElsewhere(app.Configuration) ? "" : StandardUrl);
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(
            Logs.Line(app.Configuration, $"Dispatch is ready on {string.Join(" and ", app.Urls)}", app.Services.GetRequiredService<TimeProvider>())));
        // Asked before the host does, because the host would print its own stack trace first.
        if (configured.Split(';', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(IsTaken) is { } taken) return await TakenAsync(taken);
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            return await TakenAsync(configured);
        }
    }

    private static async Task<int> TakenAsync(string url)
    {
        await Console.Error.WriteLineAsync($"Urls: {url} is already in use; allowed: an address that nothing else listens on");
        return StartupOptions.WrongOptions;
    }

    private static bool IsTaken(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Port <= 0) return false;
        var address = IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Loopback;
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Any(used => used.Port == uri.Port && (used.Address.Equals(address) || used.Address.Equals(IPAddress.Any) || used.Address.Equals(IPAddress.IPv6Any)));
    }

    private static void UseStandardAddress(this WebApplicationBuilder builder)
    {
        // ASPNETCORE_URLS lies below appsettings.json in the order of settings, so a standard written there would hide it.
        if (builder.Configuration["urls"] is null && !IsToldElsewhere(builder.Configuration)) builder.WebHost.UseUrls(StandardUrl);
    }

    private static bool IsToldElsewhere(IConfiguration configuration) =>
        (configuration["http_ports"] ?? configuration["https_ports"]) is not null || configuration.GetSection("Kestrel:Endpoints").Exists();

    private static string? ContentRoot(string[] args) =>
        // A test host names its own folder on the command line.
        Array.Exists(args, a => a.StartsWith("--contentRoot", StringComparison.OrdinalIgnoreCase)) ? null : AppContext.BaseDirectory;
}
