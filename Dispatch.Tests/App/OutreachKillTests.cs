using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>
/// Three processes on one PostgreSQL execute the same queue, are killed at random and once frozen for longer than their lease, again and again. A gateway outside of them counts the
/// effects; a trigger in the database writes down every commit that has more of a quota than there is. DISPATCH_KILL_ACTIONS sets how many actions there are.
/// </summary>
public sealed class OutreachKillTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Accounts = 5, Processes = 3, ChunkSize = 5, Parallel = 3;
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("DISPATCH_KILL_ACTIONS"), CultureInfo.InvariantCulture, out var n) ? n : 2400;
    private static readonly int Kills = Count >= 10_000 ? 10 : 3;
    private static readonly int Quota = Count / Accounts * 3 / 4;
    private static readonly TimeSpan MostTakeover = TimeSpan.FromSeconds(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-outreach-kill-").FullName;
    private readonly List<Task<TimeSpan>> _takeovers = [];
    private TestDatabase _store = null!;
    private StubGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        // As slow as a gateway is: most of the work is on its way when somebody is killed.
        _gateway = await StubGateway.StartAsync(() => TimeSpan.FromMilliseconds(Random.Shared.Next(10, 300)));
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
        async Task RestartAsync(int number, int generation) => apps[number] = await StartAsync(number, generation);
        apps[0] = await StartAsync(0, 0);
        var limited = await PrepareAsync(apps[0].App);
        foreach (var (app, i) in (await Task.WhenAll(Enumerable.Range(1, Processes - 1).Select(i => StartAsync(i, 0)))).Select((a, i) => (a, i + 1))) apps[i] = app;
        try
        {
            var restarts = new Task[Processes];
            Array.Fill(restarts, Task.CompletedTask);
            for (var kill = 1; kill <= Kills; kill++)
            {
                await SentAsync(Count * 3 / 4 * kill / Kills);
                var victim = random.Next(Processes);
                await restarts[victim];
                var (app, node) = apps[victim];
                await app.KillAsync();
                await app.DisposeAsync();
                // Nobody waits for it: the next one may be killed before this one is taken over, or back.
                _takeovers.Add(TakeoverAsync(node));
                restarts[victim] = RestartAsync(victim, kill);
            }
            await Task.WhenAll(restarts);
            // Not killed but frozen for longer than its lease: it comes back with messages in hand that are not its own any more.
            apps[0].App.Freeze();
            _takeovers.Add(TakeoverAsync(apps[0].Node));
            await _takeovers[^1];
            apps[0].App.Thaw();
            await Task.WhenAll(_takeovers);
            await Eventually.Async(async () => await OpenAsync(limited) == 0, TimeSpan.FromSeconds(120));
        }
        finally
        {
            foreach (var (app, _) in apps)
            {
                if (app is not null) await app.DisposeAsync();
            }
        }
        var slowest = (await Task.WhenAll(_takeovers)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Count} actions, {Kills} kills, {_gateway.Sent.Count} sent, {await UncertainAsync()} uncertain, slowest takeover {slowest.TotalSeconds:F1} s");
        await AssertAsync(limited);
        Assert.InRange(slowest, TimeSpan.Zero, MostTakeover);
    }

    private async Task<(AppProcess, string)> StartAsync(int number, int generation)
    {
        var node = string.Create(CultureInfo.InvariantCulture, $"kill-{number}-{generation}");
        return (await AppProcess.StartAsync(
            _folder, ("Database__Provider", "PostgreSql"), ("ConnectionStrings__Dispatch", _store.Options.ConnectionString!), ("Gateways__Whapi__BaseAddress", _gateway.Address),
            ("Node__Name", node), ("Outreach__BatchSize", "60"), ("Outreach__ChunkSize", $"{ChunkSize}"), ("Outreach__Parallel", $"{Parallel}")), node);
    }

    /// <summary>Accounts through the API, actions by hand: ten thousand requests would be a test of something else. Returns the account whose quota is smaller than its work.</summary>
    private async Task<long> PrepareAsync(AppProcess app)
    {
        await app.PostAsync<Made>("/api/channels", new { key = "out", provider = "Whapi", token = "a-token-of-the-gateway" });
        await app.PostAsync<Made>("/api/profiles", new { name = "Out", channel = "out", mode = "Shared" });
        var accounts = new List<long>();
        for (var i = 0; i < Accounts; i++)
        {
            var quota = i == 0 ? Quota : Count / Accounts;
            accounts.Add((await app.PostAsync<Made>(
                "/api/accounts", new { name = $"Account {i}", provider = "whapi", channel = "out", quotas = new { send_followup = quota }, minGapSeconds = 0 })).Id);
        }
        await using var db = _store.Open();
        var witness =
            "CREATE TABLE witness_quota (account_id bigint, total integer); "
            + "CREATE FUNCTION witness_quota() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO witness_quota SELECT NEW.account_id, NEW.reserved + NEW.used "
            + $"WHERE NEW.reserved + NEW.used > CASE WHEN NEW.account_id = {accounts[0]} THEN {Quota} ELSE {Count / Accounts} END; RETURN NULL; END $$; "
            + "CREATE TRIGGER witness_quota AFTER INSERT OR UPDATE ON account_days FOR EACH ROW EXECUTE FUNCTION witness_quota()";
        await db.Database.ExecuteSqlRawAsync(witness);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var prospects = Enumerable.Range(0, Count).Select(i => new Prospect
            { AccountId = accounts[i % Accounts], Name = $"P{i}", Address = (33_600_000_000 + i).ToString(CultureInfo.InvariantCulture), Language = "en", CreatedAt = now }).ToList();
        db.Prospects.AddRange(prospects);
        await db.SaveChangesAsync();
        db.OutreachActions.AddRange(prospects.Select((p, i) => new OutreachAction
        {
            AccountId = p.AccountId, ProspectId = p.Id, Kind = "send_followup_A1", Type = ActionType.Followup, EffectKey = $"{Ours}{i}", Content = "hello", ScheduledAt = now, DueAt = now,
            CreatedAt = now,
        }));
        await db.SaveChangesAsync();
        return accounts[0];
    }

    /// <summary>Steps that the follow-up job plans for those who were written to are days away and not counted.</summary>
    private const string Ours = "kill:";

    private Task SentAsync(int count) => Eventually.Async(() => _gateway.Sent.Count >= count, TimeSpan.FromSeconds(120));

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
        var open = await db.OutreachActions.Where(a => a.EffectKey.StartsWith(Ours)
            && (a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending || a.Status == ActionStatus.Pending)).Select(a => new { a.AccountId, a.Status }).ToListAsync();
        // The limited account keeps what its quota does not let through, and no more than that.
        return open.Count(a => a.AccountId != limited || a.Status != ActionStatus.Pending) + Math.Max(0, open.Count(a => a.AccountId == limited) - ((Count / Accounts) - Quota));
    }

    private async Task<int> UncertainAsync()
    {
        await using var db = _store.Open();
        return await db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Uncertain);
    }

    private async Task AssertAsync(long limited)
    {
        await using var db = _store.Open();
        Assert.Empty(await OutreachConsistency.ViolationsAsync(db));
        Assert.Empty(await db.Database.SqlQueryRaw<long>("SELECT total::bigint AS \"Value\" FROM witness_quota").ToListAsync());
        var actions = await db.OutreachActions.AsNoTracking().Where(a => a.EffectKey.StartsWith(Ours))
            .Join(db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => new { a.Status, a.AccountId, p.Address }).ToListAsync();
        var sent = _gateway.Sent.GroupBy(a => a, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

        Assert.Equal(Count, actions.Count);
        Assert.DoesNotContain(sent, s => s.Value > 1);
        Assert.All(actions.Where(a => a.Status == ActionStatus.Success), a => Assert.True(sent.ContainsKey(a.Address), $"{a.Address} is a success that nobody saw"));
        Assert.All(actions.Where(a => sent.ContainsKey(a.Address)), a => Assert.True(a.Status is ActionStatus.Success or ActionStatus.Uncertain, $"{a.Address} was sent and is {a.Status}"));
        Assert.DoesNotContain(actions, a => a.Status is ActionStatus.Failed or ActionStatus.Cancelled);
        // What was on its way when its sender was killed, and no more than that.
        Assert.InRange(actions.Count(a => a.Status == ActionStatus.Uncertain), 0, ChunkSize * Parallel * _takeovers.Count);
        var ofLimited = actions.Where(a => a.AccountId == limited).ToList();
        Assert.Equal(Quota, ofLimited.Count(a => a.Status is ActionStatus.Success or ActionStatus.Uncertain));
        Assert.InRange(ofLimited.Count(a => sent.ContainsKey(a.Address)), 0, Quota);
    }

    private sealed record Made(long Id);
}
