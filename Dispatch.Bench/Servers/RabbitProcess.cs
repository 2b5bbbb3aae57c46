using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Dispatch.Bench.Servers;

/// <summary>
/// A RabbitMQ on ports of its own, with a folder, a node name and a port mapper of its own, so that no other on the machine is touched. Its parent shell waits
/// for our end of a pipe to close, so it also ends when the test process is killed.
/// </summary>
internal sealed class RabbitProcess : IAsyncDisposable
{
    private const string User = "dispatch", Password = "not-a-secret";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly string _program, _folder;
    private readonly int _port, _hosts;
    private Process? _process;

    private RabbitProcess(string program, string folder, int port, int hosts)
    {
        _hosts = hosts;
        _program = program;
        _folder = folder;
        _port = port;
    }

    /// <param name="hosts">So many empty virtual hosts, <c>t1</c> and on.</param>
    public static async Task<RabbitProcess> StartAsync(int hosts)
    {
        var program = Installed.Find("rabbitmq-server", "/usr/lib/rabbitmq/bin");
        var folder = Directory.CreateTempSubdirectory("dispatch-rabbit-").FullName;
        foreach (var part in new[] { "home", "mnesia", "log" }) Directory.CreateDirectory(Path.Combine(folder, part));
        await File.WriteAllTextAsync(Path.Combine(folder, "enabled_plugins"), "[].\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "rabbitmq.conf"), $"""
            log.console = false
            log.file.level = warning
            disk_free_limit.absolute = 50MB
            raft.wal_max_size_bytes = 33554432
            load_definitions = {folder}/definitions.json
            """ + "\n");
        var names = Enumerable.Range(1, hosts).Select(i => $"t{i}").ToList();
        await File.WriteAllTextAsync(Path.Combine(folder, "definitions.json"), $$"""
            {"users":[{"name":"{{User}}","password":"{{Password}}","tags":"administrator"}],
             "vhosts":[{{string.Join(",", names.Select(n => $$"""{"name":"{{n}}"}"""))}}],
             "permissions":[{{string.Join(",", names.Select(n => $$"""{"user":"{{User}}","vhost":"{{n}}","configure":".*","write":".*","read":".*"}"""))}}]}
            """);
        var server = new RabbitProcess(program, folder, FreePorts(), hosts);
        await server.StartAsync();
        return server;
    }

    public Uri Address(string virtualHost) => new(string.Create(CultureInfo.InvariantCulture, $"amqp://{User}:{Password}@127.0.0.1:{_port}/{virtualHost}"));

    /// <summary>Starts it (again) on the same folder and port; returns when it takes connections.</summary>
    public async Task StartAsync()
    {
        // TERM is an orderly stop; the port mapper stays behind unless told.
        const string untilPipeCloses =
            "log=$1; shift; \"$@\" >\"$log\" 2>&1 & own=$!; cat >/dev/null; kill $(cat \"$RABBITMQ_PID_FILE\") 2>/dev/null; wait $own; epmd -port $ERL_EPMD_PORT -kill >/dev/null 2>&1";
        var start = new ProcessStartInfo("sh", ["-c", untilPipeCloses, "sh", $"{_folder}/console.log", _program])
        {
            RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/",
        };
        var port = _port.ToString(CultureInfo.InvariantCulture);
        (string, string)[] settings =
        [
            ("HOME", $"{_folder}/home"), ("ERL_EPMD_PORT", (_port + 2).ToString(CultureInfo.InvariantCulture)), ("ERL_EPMD_ADDRESS", "127.0.0.1"),
            ("RABBITMQ_NODENAME", $"dispatch{port}@localhost"), ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"), ("RABBITMQ_NODE_PORT", port),
            ("RABBITMQ_DIST_PORT", (_port + 1).ToString(CultureInfo.InvariantCulture)), ("RABBITMQ_MNESIA_BASE", $"{_folder}/mnesia"), ("RABBITMQ_LOG_BASE", $"{_folder}/log"),
            ("RABBITMQ_PID_FILE", PidFile), ("RABBITMQ_ENABLED_PLUGINS_FILE", $"{_folder}/enabled_plugins"), ("RABBITMQ_CONFIG_FILE", $"{_folder}/rabbitmq"),
            ("RABBITMQ_CONF_ENV_FILE", "/dev/null"), ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}"),
        ];
        foreach (var (name, value) in settings) start.Environment[name] = value;
        File.Delete(PidFile);
        _process = Process.Start(start)!;
        await Installed.UntilAsync(CanConnectAsync, StartTime);
    }

    /// <summary>An orderly stop.</summary>
    public async Task StopAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        _process.Dispose();
        _process = null;
    }

    /// <summary>As the power fails: nothing is said to anybody.</summary>
    public async Task KillAsync()
    {
        using (var server = Process.GetProcessById(int.Parse((await File.ReadAllTextAsync(PidFile)).Trim(), CultureInfo.InvariantCulture))) server.Kill();
        await StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string PidFile => $"{_folder}/pid";

    private async Task<bool> CanConnectAsync()
    {
        if (_process!.HasExited) throw new InvalidOperationException("RabbitMQ ended while it was starting.");
        try
        {
            // The last host: when it is there, all are.
            await using var connection = await new ConnectionFactory { Uri = Address($"t{_hosts}"), RequestedConnectionTimeout = TimeSpan.FromSeconds(2) }.CreateConnectionAsync();
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }

    /// <summary>Three in a row that nobody listens on: the broker cannot be told to take any.</summary>
    private static int FreePorts()
    {
        for (; ; )
        {
            var first = Random.Shared.Next(20_000, 31_000);
            var taken = new List<TcpListener>();
            try
            {
                for (var i = 0; i < 3; i++)
                {
                    var listener = new TcpListener(IPAddress.Loopback, first + i);
                    listener.Start();
                    taken.Add(listener);
                }
                return first;
            }
            catch (SocketException)
            {
                // another one
            }
            finally
            {
                foreach (var listener in taken) listener.Dispose();
            }
        }
    }
}
