using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>Three processes on one PostgreSQL invite people through a server in Unipile's place, which counts, and are killed at random: nobody is invited twice, no quota is exceeded, nobody is left behind.</summary>
public sealed class InvitationKillTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Accounts = 4, PerAccount = 75, Quota = 60, Kills = 3;
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-invite-kill-").FullName;
    private TestDatabase _store = null!;
    private StandIn _server = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, postgres);
        _server = await StandIn.StartAsync();
        _server.Answer = call => call.Method == "POST"
            ? (201, """{"object":"UserInvitationSent","invitation_id":"inv"}""") : (200, """{"object":"InvitationList","items":[],"cursor":null}""");
        // As slow as a gateway is: somebody is killed in between.
        _server.Thinks = () => TimeSpan.FromMilliseconds(Random.Shared.Next(20, 120));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task KilledAgainAndAgain_NobodyIsInvitedTwiceAndNobodyIsLeftBehind()
    {
        var random = new Random(7);
        var apps = new AppProcess[3];
        apps[0] = await StartAsync(0, 0);
        var accounts = await PrepareAsync(apps[0]);
        (apps[1], apps[2]) = (await StartAsync(1, 0), await StartAsync(2, 0));
        try
        {
            for (var kill = 1; kill <= Kills; kill++)
            {
                await Eventually.Async(() => Invited.Count >= Accounts * Quota * kill / (Kills + 1), TimeSpan.FromSeconds(120));
                var victim = random.Next(apps.Length);
                await apps[victim].KillAsync();
                await apps[victim].DisposeAsync();
                apps[victim] = await StartAsync(victim, kill);
            }
            await Eventually.Async(async () => await OpenAsync() == Accounts * (PerAccount - Quota), TimeSpan.FromSeconds(120));
        }
        finally
        {
            foreach (var app in apps) await app.DisposeAsync();
        }
        await using var db = _store.Open();
        Assert.Empty(await OutreachConsistency.ViolationsAsync(db));
        var actions = await db.OutreachActions.AsNoTracking().Join(db.Prospects, a => a.ProspectId, p => p.Id, (a, p) => new { a.Status, a.AccountId, p.Address }).ToListAsync();
        Assert.Equal(Invited.Count, Invited.Distinct(StringComparer.Ordinal).Count());
        Assert.All(actions.Where(a => Invited.Contains(a.Address)), a => Assert.True(a.Status is ActionStatus.Success or ActionStatus.Uncertain, $"{a.Address} was invited and is {a.Status}"));
        Assert.All(actions.Where(a => a.Status == ActionStatus.Success), a => Assert.Contains(a.Address, Invited));
        foreach (var account in accounts) Assert.Equal(Quota, actions.Count(a => a.AccountId == account && a.Status is (ActionStatus.Success or ActionStatus.Uncertain)));
        Assert.InRange(actions.Count(a => a.Status == ActionStatus.Uncertain), 0, Kills * 15);
    }

    private List<string> Invited => [.. _server.Calls.Where(c => c.Method == "POST").Select(c => JsonDocument.Parse(c.Body).RootElement.GetProperty("provider_id").GetString()!)];

    private async Task<int> OpenAsync()
    {
        await using var db = _store.Open();
        return await db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending || a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending);
    }

    private Task<AppProcess> StartAsync(int number, int generation) => AppProcess.StartAsync(
        _folder, ("Database__Provider", "PostgreSql"), ("ConnectionStrings__Dispatch", _store.Options.ConnectionString!),
        ("Node__Name", string.Create(CultureInfo.InvariantCulture, $"invite-{number}-{generation}")), ("Outreach__BatchSize", "60"), ("Outreach__ChunkSize", "5"), ("Outreach__Parallel", "3"),
        ("Gateways__Unipile__InvitationsPerDay", "200"), ("Gateways__Unipile__Pace__PerChannel", "1000"), ("Gateways__Unipile__Pace__PerProvider", "10000"), ("Gateways__Unipile__Pace__Burst", "1000"));

    private async Task<List<long>> PrepareAsync(AppProcess app)
    {
        var accounts = new List<long>();
        for (var i = 0; i < Accounts; i++)
        {
            accounts.Add((await app.PostAsync<Made>("/api/accounts", new
            {
                name = $"Inviter {i}", provider = "Unipile", timeZone = "UTC", quotas = new { send_invitation = Quota }, minGapSeconds = 0,
                credentials = new { token = "key", server = _server.Address, account = $"acc{i}", secret = "a-secret-of-unipile" },
            })).Id);
        }
        await using var db = _store.Open();
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var prospects = Enumerable.Range(0, Accounts * PerAccount).Select(i => new Prospect
            { AccountId = accounts[i % Accounts], Name = $"P{i}", Address = $"ACoAA{i}x", Language = "en", CreatedAt = now }).ToList();
        db.Prospects.AddRange(prospects);
        await db.SaveChangesAsync();
        db.OutreachActions.AddRange(prospects.Select(p => new OutreachAction
        {
            AccountId = p.AccountId, ProspectId = p.Id, Kind = ActionKinds.Invitation, Type = ActionType.Invitation, EffectKey = $"invite:{p.AccountId}:{p.Id}", ScheduledAt = now, DueAt = now,
            CreatedAt = now,
        }));
        await db.SaveChangesAsync();
        return accounts;
    }

    private sealed record Made(long Id);
}
