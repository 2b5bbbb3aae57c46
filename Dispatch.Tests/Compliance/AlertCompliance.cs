using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Health;
using Dispatch.Core.Nodes;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Compliance;

public sealed class AlertsOnSqlite(PostgresServer postgres) : AlertCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class AlertsOnPostgres(PostgresServer postgres) : AlertCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>One alert per problem, told once, whatever number of nodes decides it at the same moment; nothing of it is lost.</summary>
public abstract class AlertCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const string Secret = "a-secret-of-the-tests", Phone = "221770009999";
    private static readonly WantedAlert Wanted = new(AlertKind.NobodyThere, AlertSeverity.Critical, "nobody-there", Details: "3");

    private AlertWatch Watch => Node.Get<AlertWatch>();

    [Fact]
    public async Task Cause_LastsAndGoes_IsOneAlertThatEndsByItself()
    {
        await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(290));
        Assert.Equal((0, 0), await Watch.RunOnceAsync(Clock.Now));
        Clock.Advance(Seconds(20));

        Assert.Equal((1, 0), await Watch.RunOnceAsync(Clock.Now));
        Clock.Advance(Seconds(60));
        Assert.Equal((0, 0), await Watch.RunOnceAsync(Clock.Now));

        var alert = Assert.Single(await AllAsync());
        Assert.Equal((AlertKind.NobodyThere, AlertSeverity.Critical, "1", Clock.Now, 1), (alert.Kind, alert.Severity, alert.Details, alert.LastSeenAt, alert.Count));
        await Node.AddOnlineAsync("Ana");
        Assert.Equal((0, 1), await Watch.RunOnceAsync(Clock.Now));
        alert = Assert.Single(await AllAsync());
        Assert.Equal((Clock.Now, null), (alert.ResolvedAt, alert.ResolvedBy));
    }

    [Fact]
    public async Task Threshold_Changed_HoldsAtOnce()
    {
        await Node.OpenAsync(Profile, "33600");
        Clock.Advance(Seconds(20));
        Assert.Equal((0, 0), await Watch.RunOnceAsync(Clock.Now));
        Assert.Equal(SettingResult.OutOfRange, (await Node.Get<SettingsService>().ChangeAsync("alerts.nobodyThere", 1, null)).Result);
        Assert.Equal(SettingResult.Done, (await Node.Get<SettingsService>().ChangeAsync("alerts.nobodyThere", 15, null)).Result);
        Assert.Equal((1, 0), await Watch.RunOnceAsync(Clock.Now));
    }

    [Fact]
    public async Task Lock_HeldForLong_IsAnAlertOfThatContact()
    {
        await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        var owner = (await Node.ConversationAsync(conversation.Id)).OwnerId!.Value;
        var since = Clock.Now;
        Clock.Advance(Seconds(901));
        await Node.Database.WriteAsync(async session =>
        {
            session.Db.ClientLocks.Add(new Core.Locks.ClientLock { ClientId = conversation.ContactId, ProfileId = Profile.Id, ModeratorId = owner, LockedAt = since, ExpiresAt = Clock.Now.AddSeconds(30), Token = 1 });
            await session.Db.SaveChangesAsync();
        });
        await Watch.RunOnceAsync(Clock.Now);
        var alert = Assert.Single(await AllAsync());
        Assert.Equal((AlertKind.LockHeld, conversation.ContactId, "Client", since), (alert.Kind, alert.ResourceId, alert.Subject, alert.FirstSeenAt));
        Clock.Advance(Seconds(31));
        await Watch.RunOnceAsync(Clock.Now);
        Assert.NotNull(Assert.Single(await AllAsync()).ResolvedAt);
    }

    [Fact]
    public async Task Process_ThatEndedInOrder_IsNotMissed_AndOneThatDidNotIs()
    {
        await Node.Database.WriteAsync(async session =>
        {
            session.Db.Nodes.AddRange(
                new Node { Name = "tidy", Instance = "1", Version = "", SeenAt = Clock.Now, State = NodeState.Stopped }, new Node { Name = "marked", Instance = "2", Version = "", SeenAt = Clock.Now, State = NodeState.Down },
                new Node { Name = "frozen", Instance = "3", Version = "", SeenAt = Clock.Now, State = NodeState.Up });
            await session.Db.SaveChangesAsync();
        });
        Clock.Advance(Seconds(181));
        await Watch.RunOnceAsync(Clock.Now);
        Assert.Equal([(AlertKind.NodeGone, "frozen"), (AlertKind.NodeGone, "marked")], (await AllAsync()).Select(a => (a.Kind, a.Subject)).Order());
        // One is heard again, the other is forgotten after a day.
        await Node.Database.WriteAsync(session => session.Db.Nodes.Where(n => n.Name == "frozen").ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, Clock.Now)));
        await Watch.RunOnceAsync(Clock.Now);
        Assert.Equal("marked", Assert.Single(await AllAsync(), a => a.ResolvedAt == null).Subject);
        Clock.Advance(TimeSpan.FromDays(1));
        await Node.Database.WriteAsync(session => session.Db.Nodes.Where(n => n.Name == "frozen").ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, Clock.Now)));
        await Watch.RunOnceAsync(Clock.Now);
        Assert.All(await AllAsync(), a => Assert.NotNull(a.ResolvedAt));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PutAwayByAPersonOrAnIntegration_DoesNotComeBackWhileItLasts(bool byAPerson)
    {
        await SettleAsync(Node, Wanted);
        long? person = byAPerson ? await Node.AddModeratorAsync("Ana") : null;
        await Node.Get<AlertStore>().ResolveAsync((await AllAsync())[0].Id, person);
        for (var i = 0; i < 20; i++)
        {
            Clock.Advance(Seconds(60));
            await SettleAsync(Node, Wanted);
        }
        Assert.NotNull(Assert.Single(await AllAsync()).ResolvedAt);

        // However long nobody looked.
        Clock.Advance(Seconds(2000));
        await SettleAsync(Node, Wanted);
        Assert.Single(await AllAsync());
        // Gone for one look, it is news.
        await SettleAsync(Node);
        await SettleAsync(Node, Wanted);
        Assert.Equal(2, (await AllAsync()).Count);
    }

    [Fact]
    public async Task TwoNodes_RaisingAtOnce_MakeOneAlert()
    {
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        for (var round = 0; round < 10; round++)
        {
            var want = Wanted with { Key = $"round-{round}" };
            await AtOnceAsync(() => SettleAsync(Node, want), () => SettleAsync(other, want), () => SettleAsync(Node, want), () => SettleAsync(other, want));
            Assert.Single(await AllAsync(), a => a.DedupeKey == want.Key && a.ResolvedAt == null);
        }
        Assert.Empty(Node.Logs.Errors.Concat(other.Logs.Errors));
    }

    [Fact]
    public async Task TwoNodes_OneLease_OneWatches()
    {
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        var done = await AtOnceAsync(() => Watch.RunOnceAsync(Clock.Now), () => other.Get<AlertWatch>().RunOnceAsync(Clock.Now));
        Assert.Single(done, d => d is not null);
    }

    [Fact]
    public async Task TwoNodes_TellingAndEscalatingAtOnce_TellOnce()
    {
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        foreach (var node in new[] { Node, other }) Configure(node, new Uri("http://127.0.0.1:1/"));
        await SettleAsync(Node, Wanted);

        Assert.Equal(1, (await AtOnceAsync(() => TellAsync(Node), () => TellAsync(other), () => TellAsync(Node), () => TellAsync(other))).Sum());
        Assert.Equal([AlertNews.Raised], await NewsAsync());
        Assert.Equal(1, await MessagesAsync());

        Clock.Advance(Seconds(899));
        Assert.Equal(0, await TellAsync(Node));
        Clock.Advance(Seconds(2));
        Assert.Equal(1, (await AtOnceAsync(() => TellAsync(Node), () => TellAsync(other), () => TellAsync(Node), () => TellAsync(other))).Sum());
        Assert.Equal([AlertNews.Raised, AlertNews.Escalated], await NewsAsync());
        Assert.Equal(2, await MessagesAsync());
        Assert.Equal(Clock.Now, Assert.Single(await AllAsync()).EscalatedAt);

        await SettleAsync(Node);
        Assert.Equal(1, (await AtOnceAsync(() => TellAsync(Node), () => TellAsync(other))).Sum());
        Assert.Equal([AlertNews.Raised, AlertNews.Escalated, AlertNews.Closed], await NewsAsync());
        Assert.Equal(2, await MessagesAsync());
    }

    [Fact]
    public async Task Acknowledged_IsNotEscalated()
    {
        Configure(Node, new Uri("http://127.0.0.1:1/"));
        await SettleAsync(Node, Wanted);
        await TellAsync(Node);
        Assert.True(await Node.Get<AlertStore>().AcknowledgeAsync((await AllAsync())[0].Id, null));
        Clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal(0, await TellAsync(Node));
        Assert.Equal([AlertNews.Raised], await NewsAsync());
    }

    [Fact]
    public async Task QuietHours_HoldWhatIsNotUrgent_UntilTheyEnd()
    {
        var options = Configure(Node, null);
        // The clock of the tests begins at 08:00 UTC.
        (options.QuietFrom, options.QuietUntil) = (TimeSpan.FromHours(7), TimeSpan.FromHours(9));
        await SettleAsync(Node, Wanted, new WantedAlert(AlertKind.LockHeld, AlertSeverity.Warning, "lock"), new WantedAlert(AlertKind.LockHeld, AlertSeverity.Warning, "brief"));
        Assert.Equal((1, 1), (await TellAsync(Node), await MessagesAsync()));
        await SettleAsync(Node, Wanted, new WantedAlert(AlertKind.LockHeld, AlertSeverity.Warning, "lock"));
        Clock.Advance(TimeSpan.FromMinutes(61));
        // The urgent one has been waiting for somebody meanwhile; "brief" is over and nobody hears of it.
        await TellAsync(Node);
        Assert.Equal(3, await MessagesAsync());
        Assert.Null((await AllAsync()).Single(a => a.DedupeKey == "brief").ToldAt);
    }

    [Fact]
    public async Task Flapping_SaysSoAndRingsNoMore()
    {
        Configure(Node, null);
        for (var i = 0; i < 6; i++)
        {
            await SettleAsync(Node, Wanted);
            await TellAsync(Node);
            await SettleAsync(Node);
            await TellAsync(Node);
            Clock.Advance(Seconds(60));
        }
        Assert.Equal(3, await MessagesAsync());
        var page = await Node.Get<AlertStore>().ListAsync(new AlertSearch(Open: null));
        Assert.Equal(6, page.Beginnings[Wanted.Key]);
    }

    [Fact]
    public async Task Delivery_TwoNodesAtOnce_PostsOnceSigned()
    {
        await using var receiver = await StandIn.StartAsync();
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        foreach (var node in new[] { Node, other }) Configure(node, new Uri(receiver.Address + "/hook"));
        await SettleAsync(Node, Wanted);
        await TellAsync(Node);

        await AtOnceAsync(() => DeliverAsync(Node), () => DeliverAsync(other), () => DeliverAsync(Node), () => DeliverAsync(other));

        var call = Assert.Single(receiver.Calls);
        Assert.Equal(AlertPost.Sign(Secret, call.Headers[AlertPost.TimestampHeader], System.Text.Encoding.UTF8.GetBytes(call.Body)), call.Headers[AlertPost.SignatureHeader]);
        var body = JsonDocument.Parse(call.Body).RootElement;
        Assert.Equal(("raised", "nobodyThere", "critical", Wanted.Key),
            (body.GetProperty("event").GetString(), body.GetProperty("kind").GetString(), body.GetProperty("severity").GetString(), body.GetProperty("key").GetString()));
        Assert.Equal(DeliveryStatus.Sent, Assert.Single(await Node.ReadAsync(db => db.AlertDeliveries.ToListAsync())).Status);
    }

    [Fact]
    public async Task Delivery_ReceiverAway_IsTriedAgainUnderTheSameId_InOrder()
    {
        await using var receiver = await StandIn.StartAsync();
        var answers = new Queue<int>([500, 0, 200, 200]);
        receiver.Answer = _ => (answers.Dequeue(), "");
        Configure(Node, new Uri(receiver.Address));
        await SettleAsync(Node, Wanted);
        await TellAsync(Node);
        await SettleAsync(Node);
        await TellAsync(Node);
        for (var i = 0; i < 3; i++)
        {
            await DeliverAsync(Node);
            // The end is not posted before the beginning.
            Assert.Equal(i + 1, receiver.Calls.Count);
            Clock.Advance(Seconds(60));
        }
        await DeliverAsync(Node);

        Assert.Equal(["1", "1", "1", "2"], receiver.Calls.Select(c => c.Headers[AlertPost.DeliveryHeader]));
        Assert.All(await Node.ReadAsync(db => db.AlertDeliveries.ToListAsync()), d => Assert.Equal(DeliveryStatus.Sent, d.Status));
    }

    [Fact]
    public async Task Delivery_ItsProcessDied_IsTakenOverWhenItsTimeIsOver()
    {
        await using var receiver = await StandIn.StartAsync();
        Configure(Node, new Uri(receiver.Address));
        await SettleAsync(Node, Wanted);
        await TellAsync(Node);
        await Node.Database.WriteAsync(session => session.Db.AlertDeliveries.ExecuteUpdateAsync(set => set
            .SetProperty(d => d.Status, DeliveryStatus.Sending).SetProperty(d => d.Claim, "dead:1").SetProperty(d => d.ClaimedUntil, Clock.Now.AddSeconds(20))));
        Assert.Equal(0, await DeliverAsync(Node));
        Clock.Advance(Seconds(21));
        Assert.Equal(1, await DeliverAsync(Node));
        Assert.Single(receiver.Calls);
    }

    [Fact]
    public async Task Recorder_DatabaseAway_IsToldDirectlyAndWrittenWithItsTimesWhenItIsBack()
    {
        await using var receiver = await StandIn.StartAsync();
        Configure(Node, new Uri(receiver.Address));
        var recorder = Node.Get<NodeRecorder>();
        await recorder.RecordAsync([], null, answered: true, Clock.Now);
        var began = Clock.Now;
        var problem = new NodeProblem(AlertKind.DatabaseAway, AlertSeverity.Critical, "database-away", null, null, began, Blocks: true);
        for (var i = 0; i < 3; i++)
        {
            var row = new HealthCheckRow { Node = Node.Node, At = Clock.Now, Status = NodeHealth.NotReady, Problems = problem.Name };
            await recorder.RecordAsync([problem], row, answered: false, Clock.Now);
            Clock.Advance(Seconds(60));
        }
        Assert.Single(receiver.Calls);
        Assert.Empty(await AllAsync());

        await recorder.RecordAsync([], null, answered: true, Clock.Now);

        var alert = Assert.Single(await AllAsync());
        Assert.Equal((AlertKind.DatabaseAway, began, Clock.Now), (alert.Kind, alert.FirstSeenAt, alert.ResolvedAt));
        Assert.Equal([began, began.AddMinutes(1), began.AddMinutes(2)], (await Node.ReadAsync(db => db.HealthChecks.OrderBy(h => h.At).ToListAsync())).Select(h => h.At));
        // Told already: only its end is news.
        await TellAsync(Node);
        Assert.Equal([AlertNews.Closed], await NewsAsync());
    }

    [Fact]
    public async Task Recorder_RestartedProcess_EndsWhatItsPredecessorRaised()
    {
        var problem = new NodeProblem(AlertKind.LoopStopped, AlertSeverity.Critical, "loop:node-1:PendingDrain", "PendingDrain", "Stopped", Clock.Now, Blocks: true);
        var foreign = problem with { Key = "loop:node-2:PendingDrain" };
        await Node.Get<NodeRecorder>().RecordAsync([problem], null, answered: true, Clock.Now);
        await using (var other = await Store.StartNodeAsync(Clock, "node-2")) await other.Get<NodeRecorder>().RecordAsync([foreign], null, answered: true, Clock.Now);
        await RestartAsync();
        await Node.Get<NodeRecorder>().RecordAsync([], null, answered: true, Clock.Now);
        Assert.Equal(foreign.Key, Assert.Single(await AllAsync(), a => a.ResolvedAt == null).DedupeKey);
    }

    [Fact]
    public async Task Probe_OfAWellDatabase_AnswersAndLeavesNothing()
    {
        var result = await Node.Get<DatabaseProbe>().AskAsync().InTime();
        Assert.Equal((true, false), (result.TookMs is not null, result.Full));
        Assert.Equal(Provider == DatabaseProvider.PostgreSql, result.ClockDifference is not null);
        Assert.Empty(await Node.ReadAsync(db => db.HealthChecks.ToListAsync()));
    }

    [Fact]
    public async Task NewsThatNobodyIsToldMoreOf_NeverStandsBeforeOther()
    {
        Configure(Node, null);
        // More than one look takes: told once, and nobody ever acknowledges them.
        for (var i = 0; i < 120; i++)
        {
            var key = $"daily-report:{i}";
            await Node.Database.WriteAsync(session => Node.Get<AlertStore>().RaiseAsync(session, AlertKind.DailyReport, AlertSeverity.Info, key, Clock.Now));
        }
        for (var i = 0; i < 3; i++) await TellAsync(Node);
        Clock.Advance(TimeSpan.FromHours(1));
        await SettleAsync(Node, Wanted);

        Assert.Equal(1, await TellAsync(Node));
        Assert.Equal(1, await MessagesAsync());
    }

    [Theory]
    [InlineData(0, 3, 2, 0)]
    [InlineData(0, 3, 5, -2)]
    [InlineData(4, 5, 1, 3)]
    public void ClockDifference_SlowAnswer_IsNone(int before, int after, int said, int expected)
    {
        var zero = Clock.Now;
        Assert.Equal(Seconds(expected), DatabaseProbe.Difference(zero + Seconds(before), zero + Seconds(after), zero + Seconds(said)));
    }

    private static AlertOptions Configure(DispatcherFixture node, Uri? webhook)
    {
        var options = node.Get<IOptions<AlertOptions>>().Value;
        (options.WebhookUrl, options.WebhookSecret) = (webhook, Secret);
        node.MatchingSettings.AdminNumbers = [Phone];
        return options;
    }

    private static Task<(int, int)> SettleAsync(DispatcherFixture node, params WantedAlert[] wanted) => node.Database.WriteAsync(session =>
        node.Get<AlertStore>().SettleAsync(session, a => a.Kind == AlertKind.NobodyThere || a.Kind == AlertKind.LockHeld, wanted, node.Clock.Now)).InTime();

    private static Task<int> TellAsync(DispatcherFixture node) => node.Get<AlertTelling>().RunOnceAsync(AlertSettings.Standard, node.Clock.Now).InTime();

    private static Task<int> DeliverAsync(DispatcherFixture node) => node.Get<AlertDeliveries>().RunOnceAsync(node.Clock.Now).InTime();

    private Task<List<Alert>> AllAsync() => Node.ReadAsync(db => db.Alerts.OrderBy(a => a.Id).ToListAsync());

    private Task<List<AlertNews>> NewsAsync() => Node.ReadAsync(db => db.AlertDeliveries.OrderBy(d => d.Id).Select(d => d.News).ToListAsync());

    private Task<int> MessagesAsync() => Node.ReadAsync(db => db.ServiceMessages.CountAsync(m => m.Kind == "Alert"));
}
