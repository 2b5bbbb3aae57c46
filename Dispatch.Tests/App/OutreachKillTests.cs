using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>
/// Three processes on one PostgreSQL execute the same queue and are killed at random, again and again. A gateway outside of them counts the effects. DISPATCH_KILL_ACTIONS sets how many
/// actions there are (10,000 is the issue's; the standard is short for the daily run).
/// </summary>
public sealed class OutreachKillTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Accounts = 5, Quota = 120, Processes = 3;
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("DISPATCH_KILL_ACTIONS"), CultureInfo.InvariantCulture, out var n) ? n : 2000;
    private static readonly TimeSpan MostTakeover = TimeSpan.FromSeconds(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-outreach-kill-").FullName;
    private readonly List<TimeSpan> _takeovers = [];
    private TestDatabase _store = null!;
    private StubGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        _gateway = await StubGateway.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task KilledAgainAndAgain_EachEffectIsOnceOrUncertainAndNothingIsLeftBehind()
    {
        var random = new Random(11);
        var apps = new (AppProcess App, string Node)[Processes];
        apps[0] = await StartAsync(0, 0);
        var limited = await PrepareAsync(apps[0].App);
        for (var i = 1; i < Processes; i++) apps[i] = await StartAsync(i, 0);
        var kills = Count >= 10_000 ? 12 : 3;
        try
        {
            for (var kill = 1; kill <= kills; kill++)
            {
                // In the middle of the work, wherever that is.
                var goal = (int)(Count * 0.8 * kill / (kills + 1));
                await Eventually.Async(() => _gateway.Sent.Count >= goal, TimeSpan.FromSeconds(240));
                var victim = random.Next(Processes);
                var (app, node) = apps[victim];
                await app.KillAsync();
                await app.DisposeAsync();
                _takeovers.Add(await TakeoverAsync(node));
                apps[victim] = await StartAsync(victim, kill);
            }
            await Eventually.Async(async () => await OpenAsync(limited) == 0, TimeSpan.FromSeconds(300));
        }
        finally
        {
            foreach (var (app, _) in apps)
            {
                if (app is not null) await app.DisposeAsync();
            }
        }
        await AssertAsync(limited);
        Assert.All(_takeovers, t => Assert.InRange(t, TimeSpan.Zero, MostTakeover));
    }

    private async Task<(AppProcess, string)> StartAsync(int number, int generation)
    {
        var node = string.Create(CultureInfo.InvariantCulture, $"kill-{number}-{generation}");
        return (await AppProcess.StartAsync(
            _folder, ("Database__Provider", "PostgreSql"), ("ConnectionStrings__Dispatch", _store.Options.ConnectionString!), ("Gateways__Whapi__BaseAddress", _gateway.Address), ("Node__Name", node)), node);
    }

    /// <summary>Accounts through the API, actions by hand: ten thousand requests would be a test of something else. Returns the account that has a quota.</summary>
    private async Task<long> PrepareAsync(AppProcess app)
    {
        await app.PostAsync<Made>("/api/channels", new { key = "out", provider = "Whapi", token = "a-token-of-the-gateway" });
        await app.PostAsync<Made>("/api/profiles", new { name = "Out", channel = "out", mode = "Shared" });
        var accounts = new List<long>();
        for (var i = 0; i < Accounts; i++)
        {
            object body = i == 0
                ? new { name = "Limited", provider = "whapi", channel = "out", quotas = new { send_followup = Quota }, minGapSeconds = 0 }
                : new { name = $"Account {i}", provider = "whapi", channel = "out", minGapSeconds = 0 };
            accounts.Add((await app.PostAsync<Made>("/api/accounts", body)).Id);
        }
        await using var db = _store.Open();
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var prospects = Enumerable.Range(0, Count).Select(i => new Prospect
            { AccountId = accounts[i % Accounts], Name = $"P{i}", Address = (33_600_000_000 + i).ToString(CultureInfo.InvariantCulture), Language = "en", CreatedAt = now }).ToList();
        db.Prospects.AddRange(prospects);
        await db.SaveChangesAsync();
        db.OutreachActions.AddRange(prospects.Select((p, i) => new OutreachAction
        {
            AccountId = p.AccountId, ProspectId = p.Id, Kind = "send_followup_A1", Type = ActionType.Followup, EffectKey = $"kill:{i}", Content = "hello", ScheduledAt = now, DueAt = now,
            CreatedAt = now,
        }));
        await db.SaveChangesAsync();
        return accounts[0];
    }

    /// <summary>How long until nobody waits for the dead any more.</summary>
    private async Task<TimeSpan> TakeoverAsync(string node)
    {
        var watch = Stopwatch.StartNew();
        await Eventually.Async(async () =>
        {
            await using var db = _store.Open();
            return !await db.OutreachActions.AnyAsync(a => (a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending) && a.LeaseOwner!.StartsWith($"outreach/{node}/"));
        }, TimeSpan.FromSeconds(60));
        return watch.Elapsed;
    }

    private async Task<int> OpenAsync(long limited)
    {
        await using var db = _store.Open();
        return await db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending || (a.Status == ActionStatus.Pending && a.AccountId != limited));
    }

    private async Task AssertAsync(long limited)
    {
        await using var db = _store.Open();
        Assert.Empty(await OutreachConsistency.ViolationsAsync(db));
        var actions = await db.OutreachActions.AsNoTracking().Join(db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => new { a.Status, a.AccountId, p.Address }).ToListAsync();
        var sent = _gateway.Sent.GroupBy(a => a, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

        Assert.DoesNotContain(sent, s => s.Value > 1);
        Assert.All(actions.Where(a => a.Status == ActionStatus.Success), a => Assert.True(sent.ContainsKey(a.Address), $"{a.Address} is a success that nobody saw"));
        Assert.All(actions.Where(a => sent.ContainsKey(a.Address)), a => Assert.True(a.Status is ActionStatus.Success or ActionStatus.Uncertain, $"{a.Address} was sent and is {a.Status}"));
        Assert.DoesNotContain(actions, a => a.Status == ActionStatus.Failed);
        // What was on its way when its sender was killed, and no more than that.
        var onItsWay = new OutreachOptions().ChunkSize * new OutreachOptions().Parallel;
        Assert.InRange(actions.Count(a => a.Status == ActionStatus.Uncertain), 0, onItsWay * _takeovers.Count);
        var ofLimited = actions.Where(a => a.AccountId == limited).ToList();
        Assert.Equal(Quota, ofLimited.Count(a => a.Status is ActionStatus.Success or ActionStatus.Uncertain));
        Assert.InRange(ofLimited.Count(a => sent.ContainsKey(a.Address)), 0, Quota);
    }

    private sealed record Made(long Id);
}
