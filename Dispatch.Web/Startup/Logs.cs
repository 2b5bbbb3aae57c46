using System.Text.Json;
using Microsoft.Extensions.Logging.Console;

namespace Dispatch.Web.Startup;

public enum LogFormat
{
    /// <summary>JSON unless the standard output is a terminal.</summary>
    Auto, Json, Text,
}

/// <summary>What goes to the standard output: sentences for a person at a terminal, one JSON object a line for everything that collects logs.</summary>
internal static class Logs
{
    public const string FormatKey = "Logs:Format";

    public static bool IsJson(IConfiguration configuration) => Enum.TryParse<LogFormat>(configuration[FormatKey], ignoreCase: true, out var format) && format != LogFormat.Auto
        ? format == LogFormat.Json : Console.IsOutputRedirected;

    public static void UseDispatchLogs(this WebApplicationBuilder builder)
    {
        if (!IsJson(builder.Configuration)) return;
        builder.Logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            // The ids of the trace are in the scopes.
            json.IncludeScopes = true;
        });
        builder.Logging.HidePaths();
    }

    /// <summary>A line that is no log: where Dispatch listens, the link of the first admin. In JSON it looks like one, so that every line of the output can be read the same way.</summary>
    public static string Line(IConfiguration configuration, string text, TimeProvider clock) => !IsJson(configuration) ? text : JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["Timestamp"] = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture),
        ["LogLevel"] = nameof(LogLevel.Information), ["Category"] = "Dispatch", ["Message"] = text,
    });
}
