using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace Dispatch.Tests.Browser;

/// <summary>
/// Two processes of Dispatch on one PostgreSQL behind the nginx that Dispatch ships a configuration for. Everybody has the node that is his, by the cookie that nginx goes by; signals between the
/// two go over LISTEN/NOTIFY.
/// </summary>
public class TwoNodes(PostgresServer postgres) : IBrowserSite, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-two-").FullName;
    private readonly int[] _ports = [NginxProcess.FreePort(), NginxProcess.FreePort()];
    private readonly AppProcess?[] _nodes = new AppProcess?[2];
    private readonly string[] _routes = ["", ""];
    private NginxProcess _nginx = null!;
    private string _database = "";
    private IReadOnlyList<(string Key, string Value)> _wire = [];

    public Uri Address => _nginx.Address;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _wire = await WireAsync();
        _nginx = await NginxProcess.StartAsync(_ports);
        await ReadyAsync();
    }

    /// <summary>What carries signals between the nodes.</summary>
    protected virtual Task<IReadOnlyList<(string Key, string Value)>> WireAsync() => Task.FromResult<IReadOnlyList<(string, string)>>([]);

    /// <summary>Both run, and the cookies lead to them; also after a test that ended one.</summary>
    public async Task ReadyAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, 2).Where(i => _nodes[i] is not { IsRunning: true }).Select(StartAsync));
        for (var i = 0; i < 2; i++)
        {
            var (node, route) = (i, _routes[i]);
            await Eventually.Async(async () =>
            {
                // The first time one is looked for; later it is the same, as soon as nginx asks its node again.
                route = _routes[node].Length > 0 ? _routes[node] : Guid.NewGuid().ToString("N");
                return await _nginx.NodeOfAsync(route) == _ports[node];
            }, TimeSpan.FromSeconds(30));
            _routes[node] = route;
        }
    }

    public HttpClient CreateClient() => new() { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    public DispatchDb Open() => DataServices.Open(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql, ConnectionString = _database });

    public async Task ChangeAsync(Func<DispatchDb, Task> change)
    {
        await using var db = Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        await change(db);
        await transaction.CommitAsync();
    }

    public IReadOnlyList<Cookie> CookiesOf(string person) => [CookieTo(NodeOf(person))];

    public Cookie CookieTo(int node) => new() { Name = "dispatch_route", Value = _routes[node], Url = Address.ToString() };

    public Task SignedInAsync(string person) => IsOnAsync(person, NodeOf(person));

    /// <summary>Returns when his only open page is on that node.</summary>
    public Task IsOnAsync(string person, int node) => Eventually.Async(async () => await NodesOfAsync(person) is [var one] && one == Name(node));

    public Task StopAsync(int node) => _nodes[node]!.StopAsync();

    public Task KillAsync(int node) => _nodes[node]!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.OfType<AppProcess>()) await node.DisposeAsync();
        await _nginx.DisposeAsync();
        await postgres.DropDatabaseAsync(_database);
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Awa and Fatou on the first, everybody else on the second.</summary>
    private static int NodeOf(string person) => person.StartsWith("Awa", StringComparison.Ordinal) || person.StartsWith("Fatou", StringComparison.Ordinal) ? 0 : 1;

    private static string Name(int node) => string.Create(CultureInfo.InvariantCulture, $"n{node}");

    private async Task<List<string>> NodesOfAsync(string person)
    {
        await using var db = Open();
        return await db.ModeratorConnections.Where(c => db.Moderators.Any(m => m.Id == c.ModeratorId && m.Name == person)).Select(c => c.Node).ToListAsync();
    }

    private async Task StartAsync(int node)
    {
        if (_nodes[node] is { } old) await old.DisposeAsync();
        _nodes[node] = await AppProcess.StartAsync(
            Directory.CreateDirectory(Path.Combine(_folder, Name(node))).FullName, _ports[node],
            [
                ("ASPNETCORE_ENVIRONMENT", "Development"), ("Demo__Enabled", "true"), ("Simulator__Enabled", "false"), ("Database__Provider", "PostgreSql"), ("ConnectionStrings__Dispatch", _database),
                ("Node__Name", Name(node)), ("Node__LostAfter", "00:00:05"), ("Node__DrainFor", "00:00:06"), ("DataProtection__Secret", "a secret that both of the two nodes share"), .. _wire,
            ]);
    }
}

/// <summary>The same with a broker, which then carries the signals.</summary>
public sealed class TwoNodesOnRabbit(PostgresServer postgres, RabbitServer rabbit) : TwoNodes(postgres)
{
    protected override async Task<IReadOnlyList<(string Key, string Value)>> WireAsync() => [("Broker__Uri", (await rabbit.TakeHostAsync()).ToString())];
}
