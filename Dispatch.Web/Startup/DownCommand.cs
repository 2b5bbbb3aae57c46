using Dispatch.Core.Data;

namespace Dispatch.Web.Startup;

/// <summary><c>Dispatch.Web -- down-script [MIGRATION]</c>: prints how the database gets back to the version before, in the language of <c>Database:Provider</c>. It touches nothing.</summary>
internal static class DownCommand
{
    public static bool IsAsked(string[] args) => args is ["down-script", ..];

    public static async Task<int> RunAsync(string[] args, IConfiguration configuration, TextWriter output, TextWriter errors)
    {
        var target = args.Length > 1 && !args[1].StartsWith("--", StringComparison.Ordinal) ? args[1] : null;
        await using var db = DataServices.Open(StartupOptions.Database(configuration));
        if (DownScript.Of(db, target) is { } script)
        {
            await output.WriteAsync(script);
            return 0;
        }
        await errors.WriteLineAsync($"down-script: {(target is null ? "there is no version before this one" : $"'{target}' is no earlier migration")}; allowed: one of those below, or {DownScript.Nothing}, which drops every table");
        foreach (var migration in DownScript.Known(db)) await errors.WriteLineAsync("  " + migration);
        return StartupOptions.WrongOptions;
    }
}
