using System.Globalization;
using Dispatch.Bench.Servers;

namespace Dispatch.Bench.Mixed;

/// <summary>Three nodes of Dispatch behind nginx on one PostgreSQL (its standard 100 connections) and one RabbitMQ, and a gateway outside; all private to this run.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public const string ApiKey = "an-api-key-of-the-mixed-load", WebhookSecret = "a-webhook-secret-of-the-mixed-load";
    private readonly NginxProcess? _nginx;

    private Cluster(BenchDatabase database, RabbitProcess? rabbit, GatewayBook gateway, NginxProcess? nginx, IReadOnlyList<NodeProcess> nodes)
    {
        Database = database;
        Rabbit = rabbit;
        Gateway = gateway;
        _nginx = nginx;
        Nodes = nodes;
    }

    public BenchDatabase Database { get; }
    public RabbitProcess? Rabbit { get; }
    public GatewayBook Gateway { get; }
    public IReadOnlyList<NodeProcess> Nodes { get; }

    /// <summary>Where load goes: nginx, or the only node.</summary>
    public Uri Address => _nginx?.Address ?? Nodes[0].Address;

    /// <param name="nodes">1 to 3; nginx stands in front of three.</param>
    /// <param name="screens">The nodes also answer <see cref="Screen"/>.</param>
    public static async Task<Cluster> StartAsync(int nodes = 3, bool broker = true, bool screens = false, Func<TimeSpan>? thinks = null, params (string Key, string Value)[] more)
    {
        var database = await BenchDatabase.CreateAsync("postgresql");
        var rabbit = broker ? await RabbitProcess.StartAsync(1) : null;
        var gateway = await GatewayBook.StartAsync(thinks ?? (() => TimeSpan.FromMilliseconds(Random.Shared.Next(5, 150))));
        var members = Enumerable.Range(0, nodes).Select(i =>
        {
            var folder = Path.Combine(database.Folder, string.Create(CultureInfo.InvariantCulture, $"n{i}"));
            var settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Demo__Enabled"] = "false", ["Api__Keys__0"] = ApiKey, ["Webhooks__Whapi__Secret"] = WebhookSecret,
                ["Webhooks__MaxPerSecond"] = "1000000", ["Node__Name"] = string.Create(CultureInfo.InvariantCulture, $"n{i}"), ["DataProtection__Secret"] = "a secret that all nodes of this run share",
                ["Database__Provider"] = "PostgreSql", ["ConnectionStrings__Dispatch"] = database.ConnectionString!, ["Gateways__Whapi__BaseAddress"] = gateway.Address,
            };
            if (rabbit is not null) settings["Broker__Uri"] = rabbit.Address("t1").AbsoluteUri;
            foreach (var (key, value) in more) settings[key] = value;
            return new NodeProcess(string.Create(CultureInfo.InvariantCulture, $"n{i}"), Installed.FreePort(), folder, settings, screens ? [typeof(Cluster).Assembly.Location, "serve"] : []);
        }).ToList();
        var nginx = nodes == 3 ? await NginxProcess.StartAsync([.. members.Select(n => n.Port)]) : null;
        var cluster = new Cluster(database, rabbit, gateway, nginx, members);
        try
        {
            await Task.WhenAll(members.Select(n => n.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client as integrations are, of the front door or of one node.</summary>
    public static HttpClient Client(Uri address)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(45) };
        http.DefaultRequestHeaders.Add("X-Api-Key", ApiKey);
        http.DefaultRequestHeaders.Add("X-Webhook-Secret", WebhookSecret);
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) await node.DisposeAsync();
        if (_nginx is not null) await _nginx.DisposeAsync();
        await Gateway.DisposeAsync();
        if (Rabbit is not null) await Rabbit.DisposeAsync();
        await Database.DisposeAsync();
    }
}
