using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dispatch.Tests.Compliance;

/// <summary>Every change leaves a row in its transaction, holds no secret, and is found by who, what, when and whom.</summary>
public abstract class AuditCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private AuditQueries Queries => Node.Get<AuditQueries>();

    [Fact]
    public async Task Changes_OfSettingsAndProfiles_AreFoundByWhoWhatWhenAndSubject()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var (settings, profiles) = (Node.Get<SettingsService>(), Profiles());
        await settings.ChangeAsync("routing.maxProfiles", 5, people[0]);
        // What is as it was is no change.
        await settings.ChangeAsync("routing.maxProfiles", 5, people[0]);
        Clock.Advance(TimeSpan.FromDays(1));
        await profiles.UpdateAsync(Profile.Id, "Boutique", ProfileMode.Shared, people[1]);
        await profiles.SetAccessAsync(Profile.Id, true, [people[0]], people[1]);
        await profiles.SetAccessAsync(Profile.Id, true, [people[0]], people[1]);
        await profiles.SetPriorityAsync(Profile.Id, 3);
        await Node.Get<ModeratorAssignmentService>().SetPausedAsync(Profile.Id, true, people[0]);

        var all = (await Queries.ListAsync(new AuditSearch())).Items;
        Assert.Equal(["ProfilePaused", "ProfilePriorityChanged", "ProfileAccessChanged", "ProfileChanged", "SettingChanged"], all.Select(r => r.Kind));
        Assert.Equal(("3", "5", "routing.maxProfiles", "Ana"), (all[4].From, all[4].To, all[4].Name, all[4].Actor));
        Assert.Equal(("main, Shared", "Boutique, Shared", "Boutique", "Ben"), (all[3].From, all[3].To, all[3].Name, all[3].Actor));
        Assert.Equal(("*", $"#{people[0]}"), (all[2].From, all[2].To));
        Assert.Null(all[1].Actor);
        Assert.Equal(2, (await Queries.ListAsync(new AuditSearch(ActorId: people[1]))).Items.Count);
        Assert.Equal("SettingChanged", Assert.Single((await Queries.ListAsync(new AuditSearch(Kind: "settingchanged"))).Items).Kind);
        Assert.Equal(4, (await Queries.ListAsync(new AuditSearch(SubjectId: Profile.Id))).Items.Count);
        Assert.Equal("SettingChanged", Assert.Single((await Queries.ListAsync(new AuditSearch(To: Clock.Now.AddHours(-12)))).Items).Kind);
        Assert.Equal(4, (await Queries.ListAsync(new AuditSearch(From: Clock.Now.AddHours(-12)))).Items.Count);
        Assert.Empty((await Queries.ListAsync(new AuditSearch(From: Clock.Now.AddDays(3)))).Items);
    }

    [Fact]
    public async Task Change_ThatIsUndone_LeavesNoRow()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Node.Database.WriteAsync(async session =>
        {
            await AuditLog.AddAsync(session, new AuditEntry { At = Clock.Now, Kind = AuditKind.SettingChanged, Subject = AuditSubject.Setting, Name = "x" });
            throw new InvalidOperationException("undone");
        }));
        Assert.Empty((await Queries.ListAsync(new AuditSearch())).Items);
    }

    [Fact]
    public async Task Credentials_OfAChannel_AreNeverInTheTrail()
    {
        const string Secret = "a-very-secret-token-0123456789";
        var channels = new ChannelService(Node.Database, Node.Get<ChannelDirectory>(), new ChannelTokens(new Microsoft.AspNetCore.DataProtection.EphemeralDataProtectionProvider()), Clock, NullLogger<ChannelService>.Instance);
        var made = await channels.CreateAsync("shop", ChannelProvider.Whapi, Secret);
        await channels.SetTokenAsync(made.Id, Secret + "x");
        await channels.SetTokenAsync(99_999, Secret);

        var rows = await Node.ReadAsync(db => db.AuditEntries.OrderBy(e => e.Id).ToListAsync());
        Assert.Equal([AuditKind.ChannelAdded, AuditKind.ChannelCredentialsChanged], rows.Select(r => r.Kind));
        Assert.All(rows, r => Assert.DoesNotContain(Secret, $"{r.Name} {r.Before} {r.After} {r.Hash}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trails_OfConversations_PageToTheirEndAndFindATimeByHalving()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var start = Clock.Now;
        for (var i = 0; i < 40; i++)
        {
            await Node.OpenAsync(Profile, $"3360{i:00}");
            Clock.Advance(TimeSpan.FromMinutes(30));
        }
        var total = await Node.ReadAsync(db => db.ConversationEvents.CountAsync());

        var seen = new List<long>();
        AuditPage page;
        long? before = null;
        do
        {
            page = await Queries.ListAsync(new AuditSearch(AuditTrail.Conversations, Before: before, Take: 7));
            seen.AddRange(page.Items.Select(r => r.Id));
            before = page.Next;
        }
        while (before is not null);
        Assert.Equal(total, seen.Distinct().Count());
        Assert.Equal(seen.OrderDescending(), seen);

        var (from, to) = (start.AddHours(3), start.AddHours(5));
        var found = (await Queries.ListAsync(new AuditSearch(AuditTrail.Conversations, Kind: nameof(ConversationEventKind.Opened), From: from, To: to, Take: 100))).Items;
        Assert.Equal(4, found.Count);
        Assert.All(found, r => Assert.InRange(r.At, from, to));
        var one = (await Queries.ListAsync(new AuditSearch(AuditTrail.Conversations, SubjectId: found[^1].SubjectId))).Items;
        Assert.Contains(one, r => r is { Kind: "Assigned", To: "Ana", Reason: "RoundRobin" });
        Assert.Empty((await Queries.ListAsync(new AuditSearch(AuditTrail.Conversations, ActorId: people[0]))).Items);
        foreach (var trail in Enum.GetValues<AuditTrail>()) await Queries.ListAsync(new AuditSearch(trail, ActorId: people[0], Kind: AuditQueries.Kinds(trail)[0], From: from, To: to, SubjectId: 1));
    }

    private ProfileService Profiles() => new(Node.Database, Node.Get<ChannelDirectory>(), Node.Get<PendingDrain>(), Node.Get<ProfileRotation>(), Clock);
}

public sealed class SqliteAuditTests(PostgresServer postgres) : AuditCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PostgresAuditTests(PostgresServer postgres) : AuditCompliance(DatabaseProvider.PostgreSql, postgres);
