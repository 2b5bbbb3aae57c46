using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dispatch.Bench.Servers;

/// <summary>A real nginx with the configuration that Dispatch ships (docs/operations/nginx.conf), its ports exchanged for free ones. Ends when its parent's pipe closes.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private NginxProcess(Process process, string folder, int port)
    {
        _process = process;
        _folder = folder;
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}"));
    }

    public Uri Address { get; }

    public static async Task<NginxProcess> StartAsync(IReadOnlyList<int> nodes)
    {
        var program = Installed.Find("nginx", "/usr/sbin");
        var folder = Directory.CreateTempSubdirectory("dispatch-nginx-").FullName;
        var port = FreePort();
        var shipped = await File.ReadAllTextAsync(Path.Combine(Installed.Repository(), "docs", "operations", "nginx.conf"));
        string[] standard = ["127.0.0.1:5081", "127.0.0.1:5082", "127.0.0.1:5083"];
        for (var i = 0; i < standard.Length; i++)
        {
            shipped = i < nodes.Count
                ? shipped.Replace(standard[i], string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{nodes[i]}"), StringComparison.Ordinal)
                : string.Join('\n', shipped.Split('\n').Where(line => !line.Contains($"server {standard[i]} ", StringComparison.Ordinal)));
        }
        shipped = shipped.Replace("127.0.0.1:5080", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), StringComparison.Ordinal);
        var temp = string.Join(' ', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(t => $"{t}_temp_path {folder}/{t};"));
        await File.WriteAllTextAsync($"{folder}/nginx.conf", $$"""
            daemon off; worker_processes 1; pid {{folder}}/pid; error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http { log_format nodes '$arg_probe $upstream_addr'; access_log {{folder}}/access.log nodes; {{temp}} {{shipped}} }
            """);
        const string untilPipeCloses = "\"$1\" -p \"$2\" -c \"$2/nginx.conf\" & own=$!; cat >/dev/null; kill $own; wait $own";
        var process = Process.Start(new ProcessStartInfo("sh", ["-c", untilPipeCloses, "sh", program, folder]) { RedirectStandardInput = true, UseShellExecute = false, RedirectStandardError = true })!;
        await Installed.UntilAsync(async () =>
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException e)
            {
                if (process.HasExited) throw new InvalidOperationException($"nginx ended: {await process.StandardError.ReadToEndAsync()}", e);
                return false;
            }
        });
        return new NginxProcess(process, folder, port);
    }

    /// <summary>Who was answered by whom so far, one line a request: the question's `probe`, then the addresses that were asked.</summary>
    public Task<string[]> AccessesAsync() => File.ReadAllLinesAsync($"{_folder}/access.log");

    /// <inheritdoc cref="Installed.FreePort"/>
    public static int FreePort() => Installed.FreePort();

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
