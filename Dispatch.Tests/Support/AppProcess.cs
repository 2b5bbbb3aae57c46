using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;

namespace Dispatch.Tests.Support;

/// <summary>The built application as a process of its own, as an operator runs it, so that it can be killed as power cuts kill it.</summary>
public sealed class AppProcess : IAsyncDisposable
{
    public const string ApiKey = "an-api-key-of-these-tests", WebhookSecret = "a-webhook-secret";

    private readonly Process _process;
    private bool _disposed;
    private readonly ConcurrentQueue<string> _output = new();

    private AppProcess(Process process)
    {
        _process = process;
        Http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        Http.DefaultRequestHeaders.Add("X-Api-Key", ApiKey);
        Http.DefaultRequestHeaders.Add("X-Webhook-Secret", WebhookSecret);
    }

    public HttpClient Http { get; }

    public bool IsRunning => !_process.HasExited;

    /// <summary>What it wrote, for the message of a failed test.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts in <paramref name="folder"/>, where its database is, and returns when it answers.</summary>
    public static Task<AppProcess> StartAsync(string folder, params IEnumerable<(string Key, string Value)> settings) => StartAsync(folder, 0, settings);

    /// <param name="port">0: a free one.</param>
    public static async Task<AppProcess> StartAsync(string folder, int port, params IEnumerable<(string Key, string Value)> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Dispatch.Web.dll"), "--urls", $"http://127.0.0.1:{port}"])
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        (string, string)[] standard =
        [
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("Demo__Enabled", "false"), ("Database__Path", Path.Combine(folder, "dispatch.db")),
            ("DataProtection__Path", Path.Combine(folder, "keys")), ("Api__Keys__0", ApiKey), ("Webhooks__Whapi__Secret", WebhookSecret),
        ];
        foreach (var (key, value) in standard.Concat(settings)) start.Environment[key] = value;
        var process = Process.Start(start)!;
        var app = new AppProcess(process);
        process.OutputDataReceived += (_, line) => app._output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => app._output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await Eventually.Async(app.IsReady, TimeSpan.FromSeconds(60));
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return app;
    }

    public async Task<T> PostAsync<T>(string path, object? body = null)
    {
        using var answer = await Http.PostAsJsonAsync(path, body ?? new { });
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return (await answer.Content.ReadFromJsonAsync<T>())!;
    }

    /// <summary>SIGKILL: nothing of it runs any more, no buffer is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().InTime();
    }

    /// <summary>SIGSTOP: it hangs, as a machine does whose host is busy, and knows nothing of it afterwards.</summary>
    public void Freeze() => Signal("STOP");

    public void Thaw() => Signal("CONT");

    /// <summary>SIGTERM, as a service manager stops it.</summary>
    public async Task StopAsync()
    {
        Signal("TERM");
        await _process.WaitForExitAsync().InTime(TimeSpan.FromSeconds(40));
        Assert.True(_process.ExitCode == 0, $"ended with {_process.ExitCode}: {Output}");
    }

    public async ValueTask DisposeAsync()
    {
        // A test that replaces its processes may be broken off between the two.
        if (_disposed) return;
        _disposed = true;
        Http.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", $"{_process.Id}"]))!;
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>It says itself where it listens.</summary>
    private bool IsReady()
    {
        const string said = "Dispatch is ready on ";
        if (_output.FirstOrDefault(line => line.Contains(said, StringComparison.Ordinal)) is { } ready)
        {
            // As a sentence or, as the output is no terminal, in an object a line.
            Http.BaseAddress = new Uri(ready[(ready.IndexOf(said, StringComparison.Ordinal) + said.Length)..].Split(' ', '"')[0]);
            return true;
        }
        if (!_process.HasExited) return false;
        _process.WaitForExit(); // also for the rest of its output
        Assert.Fail($"The application ended with {_process.ExitCode}: {Output}");
        return false;
    }
}
