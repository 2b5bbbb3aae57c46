using System.Diagnostics;
using System.Text.Json;

namespace Dispatch.Bench.Actions;

/// <summary>A queue of npm in a process of its own (<c>peers/</c>): it measures itself and answers in lines of JSON.</summary>
internal sealed class NodePeer : IActionPeer
{
    private readonly Process _process;

    private NodePeer(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    public string Name { get; }
    public double Share => 1;

    /// <summary>Null: it is not installed; <c>npm ci</c> in <c>Dispatch.Bench/peers</c> does that.</summary>
    public static async Task<NodePeer?> StartAsync(string name, string script, string address)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Dispatch.sln"))) folder = folder.Parent;
        var peers = Path.Combine(folder?.FullName ?? "", "Dispatch.Bench", "peers");
        if (!Directory.Exists(Path.Combine(peers, "node_modules")))
        {
            Console.WriteLine($"  {name}: not installed (npm ci in Dispatch.Bench/peers)");
            return null;
        }
        var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(peers, script), address])
            { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = peers })!;
        var peer = new NodePeer(name, process);
        await peer.ReadAsync();
        return peer;
    }

    public async Task<double> EnqueueAsync(int count) => (await AskAsync(new { command = "enqueue", count })).GetProperty("seconds").GetDouble();

    public async Task<double> ExecuteAsync(int count) => (await AskAsync(new { command = "execute", count })).GetProperty("seconds").GetDouble();

    public async Task<double[]> LatencyAsync(int count, TimeSpan ahead) =>
        [.. (await AskAsync(new { command = "latency", count, ahead = ahead.TotalMilliseconds })).GetProperty("milliseconds").EnumerateArray().Select(e => e.GetDouble())];

    public async ValueTask DisposeAsync()
    {
        try
        {
            await AskAsync(new { command = "close" }).WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        }
        finally
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }
    }

    private async Task<JsonElement> AskAsync(object command)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command));
        await _process.StandardInput.FlushAsync();
        return await ReadAsync();
    }

    private async Task<JsonElement> ReadAsync() =>
        JsonSerializer.Deserialize<JsonElement>(await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{Name} ended."));
}
