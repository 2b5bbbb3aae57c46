using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Dispatch.Bench.Servers;
using Dispatch.Core.Data;

namespace Dispatch.Bench;

/// <summary>A program of ours in a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Of the working set, what belongs to no file, in bytes: the rest is code and what is mapped, which the system takes back when it needs it. Null: this system does not tell.</summary>
    public long? AnonymousMemory
    {
        get
        {
            var status = $"/proc/{_process.Id}/status";
            if (!File.Exists(status)) return null;
            var line = File.ReadLines(status).FirstOrDefault(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
            return line is null ? null : long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
        }
    }

    public static async Task<ServerProcess> StartAsync(string dll, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> settings, string probe, Action<string>? output = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(dll)! };
        foreach (var argument in (string[])[dll, .. arguments, "--urls", address.ToString()]) start.ArgumentList.Add(argument);
        foreach (var (key, value) in settings) start.Environment[key] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is { Length: > 0 } line) output?.Invoke(line);
        };
        process.ErrorDataReceived += static (_, e) => Console.Error.WriteLine(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = address };
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited;)
        {
            try
            {
                using var answer = await http.GetAsync(probe);
                return new ServerProcess(process, address);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
        throw new InvalidOperationException($"{Path.GetFileName(dll)} did not start.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>Dispatch.Web on a database of its own, with a channel, a profile and moderators who are connected.</summary>
internal static class DispatchServer
{
    public const string Secret = "bench-webhook-secret", ApiKey = "bench-api-key-0123456789", Channel = "bench";

    public static string Headers => $"X-Webhook-Secret: {Secret}\r\n";

    public static Task<ServerProcess> StartAsync(BenchDatabase database, params (string Key, string Value)[] more) => StartAsync(database, output: null, more);

    /// <param name="output">Gets every line that the server writes.</param>
    public static Task<ServerProcess> StartAsync(BenchDatabase database, Action<string>? output, params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["Demo__Enabled"] = "false",
            ["Webhooks__Whapi__Secret"] = Secret,
            ["Webhooks__MaxPerSecond"] = "1000000",
            ["Api__Keys__0"] = ApiKey,
            ["DataProtection__Path"] = Path.Combine(database.Folder, "keys"),
            ["Database__Provider"] = database.Provider.ToString(),
            ["Database__Path"] = Path.Combine(database.Folder, "dispatch.db"),
        };
        if (database.ConnectionString is not null) settings["ConnectionStrings__Dispatch"] = database.ConnectionString;
        foreach (var (key, value) in more) settings[key] = value;
        return ServerProcess.StartAsync(typeof(DispatchServer).Assembly.Location, ["serve"], settings, "/api/queue", output);
    }

    /// <summary>Through the HTTP surface, as an integration would.</summary>
    public static async Task PrepareAsync(ServerProcess server, int moderators, int capacity)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Add("X-Api-Key", ApiKey);
        await PostAsync(http, "/api/channels", new { key = Channel, provider = "Simulator", token = (string?)null });
        await PostAsync(http, "/api/profiles", new { name = "Bench", channel = Channel, mode = "Shared" });
        for (var i = 1; i <= moderators; i++)
        {
            var made = await PostAsync(http, "/api/moderators", new { name = $"Bench {i}", email = $"bench{i}@bench.test", maxConversations = capacity, priority = 0 });
            await PostAsync(http, $"/api/moderators/{made.GetProperty("id").GetInt64()}/connect", new { });
        }
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }
}

/// <summary>An empty database for one measurement: a SQLite file on the disk of the temporary folder, or a database on a private PostgreSQL with fsync on.</summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    private BenchDatabase(DatabaseProvider provider, string folder, string? connectionString)
    {
        Provider = provider;
        Folder = folder;
        ConnectionString = connectionString;
    }

    private Process? _server;

    public DatabaseProvider Provider { get; }
    public string Folder { get; }
    public string? ConnectionString { get; }

    /// <summary>A SQLite file in memory where the system has a file system for that: for simulations, whose figures are not times of this machine.</summary>
    public static BenchDatabase InMemory()
    {
        const string memory = "/dev/shm";
        return Directory.Exists(memory)
            ? new BenchDatabase(DatabaseProvider.Sqlite, Directory.CreateDirectory(Path.Combine(memory, $"dispatch-bench-{Guid.NewGuid():N}")).FullName, null)
            : new BenchDatabase(DatabaseProvider.Sqlite, Directory.CreateTempSubdirectory("dispatch-bench-").FullName, null);
    }

    /// <summary>One that is there already; whoever made it removes it.</summary>
    public static BenchDatabase Of(DatabaseProvider provider, string folder, string? connectionString) => new(provider, folder, connectionString);

    public static async Task<BenchDatabase> CreateAsync(string provider)
    {
        var folder = Directory.CreateTempSubdirectory("dispatch-bench-").FullName;
        if (provider == "sqlite") return new BenchDatabase(DatabaseProvider.Sqlite, folder, null);
        var port = ServerProcess.FreePort();
        await ShellAsync($"chown postgres {folder} && su postgres -c \"{Installed.PostgresFolder()}/initdb -D {folder}/pg -U postgres -A trust -E UTF8\" >/dev/null");
        await ShellAsync($"chmod 777 {folder}");
        var database = new BenchDatabase(DatabaseProvider.PostgreSql, folder, $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres");
        await database.StartAsync();
        return database;
    }

    /// <summary>PostgreSQL only: ends as in a crash, stays away, and comes back on what its log holds.</summary>
    public async Task RestartAsync(TimeSpan away)
    {
        await StopAsync();
        await Task.Delay(away, TimeProvider.System);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task StopAsync()
    {
        _server!.StandardInput.Close();
        await _server.WaitForExitAsync();
        _server.Dispose();
        _server = null;
    }

    /// <summary>Its parent shell waits for our end of a pipe to close, so the server also ends when this process is killed.</summary>
    private async Task StartAsync()
    {
        const string untilPipeCloses = "log=$1; shift; \"$@\" >>\"$log\" 2>&1 & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid";
        var port = new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString).Port;
        string[] server =
        [
            "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", $"{Installed.PostgresFolder()}/postgres", "-D", $"{Folder}/pg", "-k", Folder, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1",
        ];
        _server = Process.Start(new ProcessStartInfo("sh", ["-c", untilPipeCloses, "sh", $"{Folder}/pg.log", .. server]) { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" })!;
        await Installed.UntilAsync(async () =>
        {
            try
            {
                await using var connection = new Npgsql.NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return true;
            }
            catch (Npgsql.NpgsqlException) when (!_server.HasExited)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(60));
    }

    private static async Task ShellAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { UseShellExecute = false })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"Preparing PostgreSQL failed ({process.ExitCode}).");
    }
}
