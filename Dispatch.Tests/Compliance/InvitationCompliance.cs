using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class InvitationsOnSqlite(PostgresServer postgres) : InvitationCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class InvitationsOnPostgres(PostgresServer postgres) : InvitationCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Invitations are actions like the others: once ever, within their quota, never lost in silence; the first contact follows when they are accepted.</summary>
public abstract class InvitationCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private static int s_number;
    private DispatcherFixture _other = null!;

    private IEnumerable<OutboundMessage> Invited => _other == Node ? Node.Gateway.Invited : Node.Gateway.Invited.Concat(_other.Gateway.Invited);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = Provider == DatabaseProvider.Sqlite ? Node : await Store.StartNodeAsync(Clock, "node-2");
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null && _other != Node) await _other.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Approach_WhereTheProviderWantsIt_InvitesFirstAndWritesWhenItIsAccepted()
    {
        var account = await AccountAsync(Plan(invitation: 5));
        var prospect = await LinkedInAsync(account, contact: true);
        var job = Node.Get<ConnectionJob>();

        Assert.Equal(1, await job.RunOnceAsync(Clock.Now));
        Assert.Equal(0, await job.RunOnceAsync(Clock.Now));
        Assert.Equal("", Assert.Single(Invited).Text);
        Assert.Empty(Node.Gateway.Sent);
        var row = await ReadProspectAsync(prospect);
        Assert.Equal((ProspectStage.Invited, null, null), (row.Stage, row.ContactedAt, row.ContactDueAt));
        Assert.Equal(1, (await Queries.AccountAsync(account))!.Quotas.Single(q => q.Type == ActionType.Invitation).Used);
        Assert.Equal(ActionResult.AlreadyExists, (await Actions.ApproachAsync(prospect, account)).Result);

        // The relation is reported twice, as reports are.
        for (var i = 0; i < 2; i++) Assert.Equal(account, await Node.Get<AccountNews>().ConnectedAsync(Profile.ChannelId, row.Address, row.Name));
        await job.RunOnceAsync(Clock.Now);
        await job.RunOnceAsync(Clock.Now);
        Assert.Single(Invited);
        Assert.Single(Node.Gateway.Sent);
        row = await ReadProspectAsync(prospect);
        Assert.Equal((ProspectStage.Contacted, Clock.Now, Clock.Now), (row.Stage, row.ConnectedAt, row.ContactedAt));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Approach_OfSomebodyWhoConnectedByHimself_IsTheFirstContact()
    {
        var account = await AccountAsync();
        var address = Address();
        await Node.Get<AccountNews>().ConnectedAsync(Profile.ChannelId, address, "Julien");
        Assert.Equal(1, await Node.Get<ConnectionJob>().RunOnceAsync(Clock.Now));
        Assert.Empty(Invited);
        Assert.Equal((account, address), (Assert.Single(await Node.ReadAsync(db => db.OutreachActions.ToListAsync())).AccountId, Assert.Single(Node.Gateway.Sent).Address));
    }

    [Fact]
    public async Task Invite_OfSomebodyWhoIsConnected_TheFirstContactIsDueAtOnce()
    {
        var account = await AccountAsync();
        var prospect = await LinkedInAsync(account);
        Node.Gateway.OnInvite = _ => new SendResult(null, null) { Connected = true };
        Assert.True((await Actions.ExecuteSendInvitation(prospect, account, "hello")).Succeeded);
        Assert.Equal((Clock.Now, Clock.Now), (await ReadProspectAsync(prospect)) is var p ? (p.ConnectedAt, p.ContactDueAt) : default);
        await Node.Get<ConnectionJob>().RunOnceAsync(Clock.Now);
        Assert.Single(Node.Gateway.Sent);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Approach_OfSomebodyWhoIsConnectedAlready_WritesToHimAfterAll()
    {
        var account = await AccountAsync(Plan(invitation: 5));
        var prospect = await LinkedInAsync(account, contact: true);
        Node.Gateway.OnInvite = _ => new SendResult(null, null) { Connected = true };
        var job = Node.Get<ConnectionJob>();

        await job.RunOnceAsync(Clock.Now);
        await job.RunOnceAsync(Clock.Now);

        Assert.Single(Invited);
        Assert.Single(Node.Gateway.Sent);
        Assert.Equal((ProspectStage.Contacted, (DateTime?)Clock.Now, null), (await ReadProspectAsync(prospect)) is var p ? (p.Stage, p.ContactedAt, p.ContactDueAt) : default);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Approach_OfSomebodyWhoSaysYesMeanwhile_WritesToHimAfterAll()
    {
        var account = await AccountAsync(Plan(invitation: 5));
        var prospect = await LinkedInAsync(account, contact: true);
        var address = (await ReadProspectAsync(prospect)).Address;
        // His yes is there before the answer to the invitation is stored.
        Node.Gateway.OnInvite = _ =>
        {
            Task.Run(() => Node.Get<AccountNews>().ConnectedAsync(Profile.ChannelId, address, "x")).InTime().GetAwaiter().GetResult();
            return new SendResult("i1", null);
        };
        var job = Node.Get<ConnectionJob>();

        await job.RunOnceAsync(Clock.Now);
        await job.RunOnceAsync(Clock.Now);

        Assert.Single(Node.Gateway.Sent);
        Assert.Equal((ProspectStage.Contacted, null), (await ReadProspectAsync(prospect)) is var p ? (p.Stage, p.ContactDueAt) : default);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Connected_EndsWhatIsOpen()
    {
        var account = await AccountAsync();
        var (waiting, doubted) = (await LinkedInAsync(account), await LinkedInAsync(account));
        Node.Gateway.OnInvite = _ => SendResult.Failed(SendFailure.Unknown);
        var uncertain = await Actions.ExecuteSendInvitation(doubted, account);
        Assert.Equal(ActionResult.Uncertain, uncertain.Result);
        var pending = await PlannedAsync(ActionKinds.Invitation, waiting, Clock.Now.AddDays(1), content: null);

        foreach (var id in new[] { waiting, doubted }) await Node.Get<AccountNews>().ConnectedAsync(Profile.ChannelId, (await ReadProspectAsync(id)).Address, "x");

        Assert.Equal(ActionStatus.Success, await StatusAsync(uncertain.Id));
        Assert.Equal((ActionStatus.Cancelled, nameof(ActionEnd.AlreadyConnected)), (await ActionAsync(pending)) is var a ? (a.Status, a.Error) : default);
        await Node.Get<ConnectionJob>().RunOnceAsync(Clock.Now);
        Assert.Equal(2, Node.Gateway.Sent.Count);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task HisOwnWord_CancelsAnInvitationThatWaits()
    {
        var account = await AccountAsync();
        var prospect = await LinkedInAsync(account);
        var id = await PlannedAsync(ActionKinds.Invitation, prospect, Clock.Now.AddDays(1), content: null);
        await ReplyFromAsync(prospect);
        Assert.Equal(ActionStatus.Cancelled, await StatusAsync(id));
        Assert.False(await Actions.NeedsInvitationAsync(prospect, account));
    }

    [Fact]
    public async Task UsedUp_WaitsAnHourAndHoldsUpNothingElse()
    {
        var account = await AccountAsync();
        var prospect = await LinkedInAsync(account);
        Node.Gateway.OnInvite = _ => SendResult.Failed(SendFailure.InvitationsUsedUp);
        var outcome = await Actions.ExecuteSendInvitation(prospect, account);
        var row = await ActionAsync(outcome.Id);
        Assert.Equal((ActionStatus.Pending, Clock.Now.AddHours(1), nameof(SendFailure.InvitationsUsedUp)), (row.Status, row.DueAt, row.Error));
        Assert.Equal((0, null), (await ReadAccountAsync(account)) is var a ? (a.Failures, a.BreakerUntil) : default);
        Node.Gateway.OnInvite = null;
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await RunAsync());
        Assert.Equal(ActionStatus.Success, await StatusAsync(outcome.Id));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task AccountWithoutInvitations_SaysSo()
    {
        var account = await AccountAsync();
        var prospect = await LinkedInAsync(account);
        await Node.Database.WriteAsync(async s =>
        {
            var channel = new Channel { Key = "whapi", Provider = ChannelProvider.Whapi, StatusSince = Clock.Now, CreatedAt = Clock.Now };
            s.Db.Channels.Add(channel);
            await s.Db.SaveChangesAsync();
            await s.Db.Accounts.Where(a => a.Id == account).ExecuteUpdateAsync(set => set.SetProperty(a => a.ChannelId, channel.Id));
        });
        var outcome = await Actions.ExecuteSendInvitation(prospect, account);
        Assert.Equal((ActionResult.Failed, nameof(ActionEnd.NoInvitations)), (outcome.Result, outcome.Error));
        Assert.False(await Actions.NeedsInvitationAsync(prospect, account));
    }

    [Fact]
    public async Task Note_IsTheTextOfItsKindOrTheGivenOne_AndNeverTooLong()
    {
        var account = await AccountAsync();
        Assert.Single(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.Invitation, "en", 1, new string('x', 301), null));
        Assert.Empty(await Node.Get<OutreachTemplates>().SetAsync(ActionKinds.Invitation, "en", 1, "Shall we connect, {firstName}?", null));
        await Actions.ExecuteSendInvitation(await LinkedInAsync(account, "Awa Ndiaye"), account);
        Assert.Equal("Shall we connect, Awa?", Invited.Single().Text);
        Assert.Equal(ActionResult.BadInput, (await Actions.ExecuteSendInvitation(await LinkedInAsync(account), account, new string('x', 301))).Result);
    }

    [Fact]
    public async Task AskedForByAllWaysAtOnce_EachIsInvitedOnce()
    {
        var account = await AccountAsync();
        for (var round = 0; round < 25; round++)
        {
            var prospect = await LinkedInAsync(account, contact: true);
            await AtOnceAsync(
                () => Actions.ExecuteSendInvitation(prospect, account), () => _other.Get<Actions>().ExecuteSendInvitation(prospect, account),
                () => _other.Get<Actions>().PlanAsync(new NewAction(ActionKinds.Invitation, prospect)),
                async () => new ActionOutcome(ActionResult.Sent, await Node.Get<ConnectionJob>().RunOnceAsync(Clock.Now)),
                async () => new ActionOutcome(ActionResult.Sent, await RunAsync(_other)));
            await RunAsync();
            Assert.Single(Invited, m => m.Address == Node.ReadAsync(db => db.Prospects.Where(p => p.Id == prospect).Select(p => p.Address).SingleAsync()).GetAwaiter().GetResult());
        }
        Assert.Equal(25, Invited.Count());
        Assert.Empty(Node.Gateway.Sent);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task ManyClaimers_NeverOneInvitationOverTheQuota()
    {
        const int quota = 37;
        var account = await AccountAsync(Plan(invitation: quota));
        for (var i = 0; i < 90; i++) await PlannedAsync(ActionKinds.Invitation, await LinkedInAsync(account), content: null);
        await AtOnceAsync(Enumerable.Range(0, 8).Select(i => (Func<Task<int>>)(() => RunAsync(i % 2 == 0 ? Node : _other))).ToArray());
        Assert.Equal(quota, Invited.Count());
        Assert.Equal(quota, Invited.Select(m => m.Address).Distinct().Count());
        Assert.Equal(90 - quota, await Node.ReadAsync(db => db.OutreachActions.CountAsync(a => a.Status == ActionStatus.Pending)));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task SenderDies_IsUncertainAndTheListOfInvitationsDecides()
    {
        var account = await AccountAsync(Plan(invitation: 10));
        var ids = new List<long>();
        for (var i = 0; i < 3; i++) ids.Add(await PlannedAsync(ActionKinds.Invitation, await LinkedInAsync(account), content: null));
        var owner = await Node.Get<OutreachNode>().HoldAsync();
        await Node.Database.WriteAsync(async s =>
        {
            var hand = (await ActionClaims.ClaimDueAsync(s, (await AccountReader.FindAsync(s.Db, account))!, [(ActionType.Invitation, Clock.Now)], 3, owner, Clock.Now, Options)).Actions;
            await ActionStore.StartAsync(s, [.. hand.Select(a => new ReadyAction(a, ""))], owner, Clock.Now);
        });
        var strays = Node.Get<ActionsInHand>();
        await strays.SweepAsync(owner, Clock.Now, CancellationToken.None);
        Assert.Equal(3, await strays.SweepAsync(owner, Clock.Now, CancellationToken.None));
        Assert.Empty(await Node.ReadAsync(db => db.Messages.ToListAsync()));

        Assert.Equal(ActionResult.CannotAsk, (await Actions.ReconcileAsync(ids[0], null)).Result);
        Node.Gateway.Found = new LookupResult(true, "inv-1");
        Assert.Equal(ActionResult.Sent, (await Actions.ReconcileAsync(ids[0], null)).Result);
        Node.Gateway.Found = new LookupResult(false);
        Assert.Equal(ActionResult.Failed, (await Actions.ReconcileAsync(ids[1], null)).Result);
        Assert.Equal(ActionResult.Scheduled, (await Actions.RetryAsync(ids[1])).Result);
        Assert.Equal(1, await RunAsync());
        Assert.Equal([ActionStatus.Success, ActionStatus.Success, ActionStatus.Uncertain], new[] { await StatusAsync(ids[0]), await StatusAsync(ids[1]), await StatusAsync(ids[2]) });
        Assert.Equal(3, await Node.ReadAsync(db => db.AccountDays.SumAsync(d => d.Used)));
        await AssertSoundAsync();
    }

    private static string Address() => $"ACoAA{Interlocked.Increment(ref s_number)}x";

    private async Task<long> LinkedInAsync(long account, string name = "Julien Crépieux", bool contact = false)
    {
        var made = await Prospects.CreateAsync(new NewProspect { Name = name, Address = Address(), AccountId = account, Language = "en", Contact = contact });
        Assert.Equal(ProspectResult.Done, made.Result);
        return made.Id;
    }
}
