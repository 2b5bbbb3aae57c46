using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Dispatch.Tests.Support;

/// <summary>A Prometheus of its own that scrapes one address each second with the rules that Dispatch ships. Its parent shell waits for our end of a pipe to close.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, string folder, HttpClient http)
    {
        _process = process;
        _folder = folder;
        _http = http;
    }

    public static string Rules => Path.Combine(Repository.Root, "docs", "operations", "alerts.yml");

    /// <param name="credentials">An API key, sent as the Bearer that Prometheus knows; null: none.</param>
    public static async Task<PrometheusServer> StartAsync(Uri target, string? credentials = null)
    {
        var program = ServerRequirement.Find("prometheus");
        var folder = Directory.CreateTempSubdirectory("dispatch-prometheus-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $"""
            global: {"{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }"}
            rule_files: [ "{Rules}" ]
            scrape_configs:
              - job_name: dispatch
            {(credentials is null ? "" : $"    authorization: {{ credentials: \"{credentials}\" }}")}
                static_configs: [ {"{"} targets: [ "{target.Authority}" ] {"}"} ]
            """);
        var port = FreePort();
        const string untilPipeCloses = "\"$@\" >/dev/null 2>\"$0\" & pid=$!; cat >/dev/null; kill $pid; wait $pid";
        var process = Process.Start(new ProcessStartInfo("sh",
            ["-c", untilPipeCloses, Path.Combine(folder, "log"), program, $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data",
                string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--log.level=warn"])
        {
            RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = folder,
        })!;
        var server = new PrometheusServer(process, folder, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(10) });
        await Eventually.Async(server.IsReadyAsync, TimeSpan.FromSeconds(60));
        return server;
    }

    /// <summary>The values of an instant query.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string query)
    {
        var answer = await _http.GetFromJsonAsync<JsonElement>("/api/v1/query?query=" + Uri.EscapeDataString(query));
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(r => double.Parse(r.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))];
    }

    /// <summary>Each rule with its health: ok once it was evaluated.</summary>
    public async Task<IReadOnlyDictionary<string, string>> RulesAsync()
    {
        var answer = await _http.GetFromJsonAsync<JsonElement>("/api/v1/rules");
        return answer.GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray())
            .ToDictionary(r => r.GetProperty("name").GetString()!, r => r.GetProperty("health").GetString()!, StringComparer.Ordinal);
    }

    /// <summary>promtool with these arguments; its exit code and what it said.</summary>
    public static async Task<(int Code, string Output)> CheckAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(ServerRequirement.Find("promtool"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).InTime();
        await process.WaitForExitAsync().InTime();
        return (process.ExitCode, string.Concat(output));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().InTime();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        Assert.False(_process.HasExited, "Prometheus ended while it was starting.");
        try
        {
            using var answer = await _http.GetAsync("/-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
