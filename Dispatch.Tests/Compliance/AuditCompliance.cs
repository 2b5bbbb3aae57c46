using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
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
    public async Task Drivers_AddedChangedAndTheirStatus_AreInTheTrailWithoutTheirNumbers()
    {
        var person = (await Node.AddOnlineAsync("Ana"))[0];
        var drivers = Node.Get<DriverService>();
        var driver = new NewDriver { Name = "Moussa", Phone = "+221 77 100 20 30", Zone = "Plateau" };
        var id = (await drivers.CreateAsync(driver, person)).Id;
        await drivers.UpdateAsync(id, driver, person);
        await drivers.UpdateAsync(id, driver with { Phone = "+221 77 100 20 31", Zone = "Almadies" }, person);
        await drivers.SetStatusAsync(id, DriverStatus.Paused);
        await drivers.SetStatusAsync(id, DriverStatus.Paused, 14.7, -17.4);
        await drivers.ResumeAsync(id, own: true);
        await drivers.PauseAsync(id, person);
        await drivers.ImportCsvAsync("name,phone\nMoussa,+221771002031\nAwa,+221771002032", person);

        var rows = (await Queries.ListAsync(new AuditSearch(Of: AuditSubject.Driver))).Items.Reverse().ToList();
        Assert.Equal(
            [("DriverAdded", null, "Available"), ("DriverChanged", "phone …, zone Plateau", "phone …, zone Almadies"), ("DriverStatusChanged", "Available", "Paused"),
             ("DriverStatusChanged", "Available", "Paused"), ("DriversImported", null, "+1, 1")],
            rows.Select(r => (r.Kind, r.From, r.To)));
        Assert.Equal(["Ana", "Ana", null, "Ana", "Ana"], rows.Select(r => r.Actor));
        Assert.All(rows, r => Assert.DoesNotContain("7710020", $"{r.Name}{r.From}{r.To}", StringComparison.Ordinal));
        Assert.Equal(4, (await Queries.ListAsync(new AuditSearch(Of: AuditSubject.Driver, SubjectId: id))).Items.Count);
    }

    [Fact]
    public async Task Driver_PausedByTwoAtOnce_IsOneRow()
    {
        var drivers = Node.Get<DriverService>();
        var id = (await drivers.CreateAsync(new NewDriver { Name = "Moussa", Phone = "+221 77 100 20 30" })).Id;
        await AtOnceAsync([.. Enumerable.Range(0, 6).Select(_ => (Func<Task<DriverOutcome>>)(() => drivers.PauseAsync(id)))]);
        Assert.Single((await Queries.ListAsync(new AuditSearch(Kind: "DriverStatusChanged"))).Items);
    }

    [Fact]
    public async Task Outreach_AccountsTextsSequencesAndProspects_AreInTheTrail()
    {
        const string Secret = "a-very-secret-token-0123456789";
        var person = (await Node.AddOnlineAsync("Ana"))[0];
        var channels = new ChannelService(Node.Database, Node.Get<ChannelDirectory>(), new ChannelTokens(new Microsoft.AspNetCore.DataProtection.EphemeralDataProtectionProvider()), Clock, NullLogger<ChannelService>.Instance);
        var accounts = new AccountService(Node.Database, channels, Profiles(), Node.Get<OutreachSignal>(), Node.Get<Microsoft.Extensions.Options.IOptions<OutreachOptions>>(), Clock);
        var plan = new AccountPlan { Quotas = new Dictionary<ActionType, int> { [ActionType.Reply] = 5 } };
        var account = (await accounts.CreateAsync(new NewAccount("Sales", AccountProvider.Whapi, "UTC", plan, Credentials: new ChannelCredentials { Token = Secret }), person)).Id;
        await accounts.UpdateAsync(account, "Sales", "UTC", plan with { MinGapSeconds = 30 }, person);
        await accounts.PauseAsync(account, person);
        await accounts.PauseAsync(account, person);
        await accounts.ResumeAsync(account, person);
        Assert.Empty(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.FirstContact, "en", 1, "Hello {firstName}, shall we talk?", person));
        Assert.Empty(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.FirstContact, "en", 1, null, person));
        Assert.Empty(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.FirstContact, "en", 1, null, person));
        Assert.Equal(SequenceResult.Done, (await Node.Get<SequencePlans>().SetAsync('A', (await Node.Get<SequencePlans>().ListAsync())[0].Steps, 0, person)).Result);
        var prospects = Node.Get<ProspectService>();
        Assert.Equal(1, (await Node.Get<ProspectImport>().ImportAsync("name,phone\nAwa Diop,+221771002032", new ProspectImportPlan(account, "fr", false, false), person)).Created);
        var prospect = await Node.ReadAsync(db => db.Prospects.Select(p => p.Id).SingleAsync());
        await prospects.SetAutomaticAsync(prospect, true, person);
        await prospects.StopAsync(prospect, StopReason.ByPerson, person);
        await prospects.StopAsync(prospect, StopReason.ByPerson, person);
        await prospects.ResumeAsync(prospect, person);

        var rows = (await Queries.ListAsync(new AuditSearch(ActorId: person))).Items.Reverse().ToList();
        Assert.Equal(
            ["AccountAdded", "ChannelAdded", "ProfileAdded", "AccountChanged", "AccountPaused", "AccountResumed", "OutreachTextChanged", "OutreachTextChanged", "SequenceChanged", "ProspectsImported",
             "ProspectAutomaticChanged", "ProspectStopped", "ProspectResumed"], rows.Select(r => r.Kind));
        Assert.Equal(("minGapSeconds 15", "minGapSeconds 30"), (rows[3].From, rows[3].To));
        Assert.Equal(["", "", ""], rows[^3..].Select(r => r.Name));
        Assert.Equal(3, (await Queries.ListAsync(new AuditSearch(Of: AuditSubject.Prospect, SubjectId: prospect))).Items.Count);
        Assert.All(rows, r => Assert.False($"{r.Name}{r.From}{r.To}" is var all && (all.Contains(Secret, StringComparison.Ordinal) || all.Contains("shall we talk", StringComparison.Ordinal) || all.Contains("Diop", StringComparison.Ordinal))));
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
