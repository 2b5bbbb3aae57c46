using System.Diagnostics;
using System.Globalization;

namespace Dispatch.Bench.Mixed;

/// <summary>One Dispatch.Web as an operator runs it, on a port that stays its own; what it writes goes into a file.</summary>
/// <param name="program">The arguments of <c>dotnet</c>; none: Dispatch.Web as it is.</param>
internal sealed class NodeProcess(string name, int port, string folder, IReadOnlyDictionary<string, string> settings, params IReadOnlyList<string> program) : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);
    private readonly Lock _writing = new();
    private Process? _process;

    public string Name => name;
    public int Port => port;
    public bool IsFrozen { get; private set; }
    public bool IsRunning => _process is { HasExited: false };
    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    /// <summary>Processor time it used since its start.</summary>
    public TimeSpan Used
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Returns when it says that it is ready for anybody. One that ends while it starts (the database is away) is started again, as a service manager does.</summary>
    public async Task StartAsync()
    {
        Directory.CreateDirectory(folder);
        IsFrozen = false;
        var process = Launch();
        using var http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        for (var watch = Stopwatch.StartNew(); ;)
        {
            if (process.HasExited)
            {
                process.Dispose();
                process = Launch();
            }
            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // not yet
            }
            if (watch.Elapsed > StartTime) throw new TimeoutException($"{name} is not ready; see {LogFile}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo("dotnet", [.. program.Count > 0 ? program : [Path.Combine(AppContext.BaseDirectory, "Dispatch.Web.dll")], "--urls", Address.ToString()])
            { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (key, value) in settings) start.Environment[key] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        return process;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: it hangs, with whatever it has in hand and has locked.</summary>
    public void Freeze()
    {
        Signal("STOP");
        IsFrozen = true;
    }

    /// <summary>SIGCONT.</summary>
    public void Thaw()
    {
        Signal("CONT");
        IsFrozen = false;
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private string LogFile => Path.Combine(folder, "log.txt");

    private void Write(string? line)
    {
        if (line is null) return;
        lock (_writing) File.AppendAllText(LogFile, line + "\n");
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]))!;
        kill.WaitForExit();
        if (kill.ExitCode != 0) throw new InvalidOperationException($"{name} took no {signal}.");
    }
}
