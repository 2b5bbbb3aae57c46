using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Health;
using Dispatch.Core.Loops;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Alerts;

/// <summary>The pure rules: facts, thresholds and a moment in, decisions out.</summary>
public sealed class AlertRulesTests
{
    private static readonly DateTime Now = FakeClock.Start.UtcDateTime;

    private static AlertSettings Limits(params (SettingDefinition Key, int Value)[] changed) => new(changed.ToDictionary(c => c.Key.Key, c => c.Value, StringComparer.Ordinal));

    [Fact]
    public void Definitions_HaveStandardsWithinTheirBounds_AndKeysOfTheirOwn()
    {
        Assert.All(SettingCatalog.All, d => Assert.True(d.Allows(d.Standard) && d.Min <= d.Max, d.Key));
        // Kept for fewer days than is allowed now, it is kept for the fewest that are.
        Assert.Equal((30, 0, null), (RetentionSettings.MessagesKey.Effective(7), RetentionSettings.MessagesKey.Effective(0), RetentionSettings.MessagesKey.Effective(-1)));
        Assert.Equal(SettingCatalog.All.Count, SettingCatalog.All.Select(d => d.Key).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Judge_NothingWrong_WantsNothing() => Assert.Empty(AlertRules.Judge(
        new AlertFacts(2, 1, 5, Now.AddHours(-1), [new HeldFact("Client", 1, 2, Now.AddSeconds(-10))], [new LateFact(3, Now)], [new NodeFact("a", Now.AddSeconds(-60), false)]), AlertSettings.Standard, Now));

    [Theory]
    [InlineData(0, 0, 1, 300, AlertKind.NobodyThere)]
    [InlineData(0, 0, 1, 299, null)]
    [InlineData(2, 2, 3, 10, AlertKind.ModeratorsFull)]
    [InlineData(2, 2, 2, 10, null)]
    [InlineData(2, 1, 30, 9000, null)]
    public void Judge_People_OneAlertAtMost(int online, int full, int waiting, int oldest, AlertKind? expected) => Assert.Equal(
        expected, AlertRules.Judge(AlertFacts.Nothing with { Online = online, Full = full, Waiting = waiting, OldestWaitingAt = Now.AddSeconds(-oldest) }, AlertSettings.Standard, Now)
            .Select(w => (AlertKind?)w.Kind).SingleOrDefault());

    [Fact]
    public void Judge_EachCause_HasAKeyOfItsOwn()
    {
        var wanted = AlertRules.Judge(new AlertFacts(
            0, 0, 0, null, [new HeldFact("Client", 1, 2, Now.AddHours(-1)), new HeldFact("Profile", 1, 2, Now.AddHours(-1))], [new LateFact(1, Now.AddHours(-1)), new LateFact(2, Now.AddHours(-1))],
            [new NodeFact("a", Now.AddHours(-1), false), new NodeFact("b", Now.AddHours(-1), Stopped: true)]), AlertSettings.Standard, Now);
        Assert.Equal(["lock-held:Client:1", "lock-held:Profile:1", "actions-late:1", "actions-late:2", "node-gone:a"], wanted.Select(w => w.Key));
        Assert.All(wanted, w => Assert.Contains(w.Kind, AlertRules.Kinds));
    }

    [Fact]
    public void Judge_Threshold_IsTheSetting() => Assert.Equal(
        AlertKind.LockHeld, Assert.Single(AlertRules.Judge(AlertFacts.Nothing with { Locks = [new HeldFact("Client", 1, 2, Now.AddSeconds(-31))] }, Limits((AlertSettings.LockHeldKey, 30)), Now)).Kind);

    [Theory]
    [InlineData(22, 7, 23, true)]
    [InlineData(22, 7, 6.9, true)]
    [InlineData(22, 7, 7, false)]
    [InlineData(13, 14, 13.5, true)]
    [InlineData(13, 14, 12, false)]
    public void QuietHours_MayEndTheNextMorning(double from, double until, double at, bool quiet) =>
        Assert.Equal(quiet, new QuietHours(TimeSpan.FromHours(from), TimeSpan.FromHours(until)).Holds(TimeSpan.FromHours(at)));

    [Theory]
    [InlineData(AlertSeverity.Critical, AlertKind.DiskFull, true, false, Telling.Everybody)]
    [InlineData(AlertSeverity.Warning, AlertKind.LockHeld, true, false, Telling.Wait)]
    [InlineData(AlertSeverity.Warning, AlertKind.LockHeld, false, false, Telling.Everybody)]
    [InlineData(AlertSeverity.Info, AlertKind.LockHeld, false, false, Telling.Webhook)]
    [InlineData(AlertSeverity.Critical, AlertKind.BookingTimeout, false, false, Telling.Webhook)]
    [InlineData(AlertSeverity.Critical, AlertKind.DiskFull, false, true, Telling.Nobody)]
    public void OnRaised_BySeverityAndHour(AlertSeverity severity, AlertKind kind, bool quiet, bool flaps, Telling expected) =>
        Assert.Equal(expected, TellingRules.OnRaised(Facts(Of(kind, severity), quiet, flaps)));

    [Fact]
    public void OnRaised_InSomebodysHandsOrOver_TellsNobody()
    {
        var seen = Of(AlertKind.LockHeld, AlertSeverity.Warning);
        seen.AcknowledgedAt = Now;
        var over = Of(AlertKind.LockHeld, AlertSeverity.Critical);
        over.ResolvedAt = Now;
        Assert.Equal([Telling.Nobody, Telling.Nobody], [TellingRules.OnRaised(Facts(seen)), TellingRules.OnRaised(Facts(over))]);
    }

    [Fact]
    public void OnUnattended_AfterItsTime_OnceAndNotWhenSomebodyLooks()
    {
        var alert = Of(AlertKind.LockHeld, AlertSeverity.Critical);
        Assert.Equal(Telling.Wait, TellingRules.OnUnattended(Facts(alert), Now));
        alert.ToldAt = Now.AddSeconds(-899);
        Assert.Equal(Telling.Wait, TellingRules.OnUnattended(Facts(alert), Now));
        alert.ToldAt = Now.AddSeconds(-900);
        Assert.Equal(Telling.Everybody, TellingRules.OnUnattended(Facts(alert, flaps: true), Now));
        alert.AcknowledgedAt = Now;
        Assert.Equal(Telling.Nobody, TellingRules.OnUnattended(Facts(alert), Now));
        (alert.AcknowledgedAt, alert.EscalatedAt) = (null, Now);
        Assert.Equal(Telling.Nobody, TellingRules.OnUnattended(Facts(alert), Now));
    }

    [Fact]
    public void OnClosed_OnlyWhoWasTold_AndNoPhoneRings()
    {
        var alert = Of(AlertKind.LockHeld, AlertSeverity.Critical);
        alert.ResolvedAt = Now;
        Assert.Equal(Telling.Nobody, TellingRules.OnClosed(Facts(alert)));
        alert.ToldAt = Now;
        Assert.Equal(Telling.Webhook, TellingRules.OnClosed(Facts(alert)));
        Assert.Equal(Telling.Nobody, TellingRules.OnClosed(Facts(alert, flaps: true)));
    }

    [Fact]
    public void Node_Well_IsHealthy()
    {
        Assert.Empty(Judge(NodeFacts.Well));
        Assert.Equal(NodeHealth.Healthy, NodeRules.StatusOf([]));
    }

    [Fact]
    public void Node_DatabaseAway_IsOneProblemAndNotOneOfEachLoop()
    {
        LoopView[] failing = [new("One", LoopState.Failing, TimeSpan.FromHours(1), TimeSpan.FromHours(1)), new("Two", LoopState.InPass, TimeSpan.FromHours(1), TimeSpan.FromHours(1))];
        var problem = Assert.Single(Judge(NodeFacts.Well with { DatabaseAwayFor = TimeSpan.FromSeconds(30), Loops = failing }));
        Assert.Equal((AlertKind.DatabaseAway, Now.AddSeconds(-30), true), (problem.Kind, problem.Since, problem.Blocks));
        Assert.Equal(AlertKind.DiskFull, Assert.Single(Judge(NodeFacts.Well with { DatabaseFull = true, Loops = failing })).Kind);
        // Back, and the loops still are not: now it is theirs.
        Assert.Equal(["One", "Two"], Judge(NodeFacts.Well with { Loops = failing }).Select(p => p.Subject));
    }

    [Fact]
    public void Node_LoopThatStopped_IsAProblemWhateverTheDatabaseDoes()
    {
        var stopped = new LoopView("One", LoopState.Stopped, TimeSpan.Zero, TimeSpan.Zero);
        Assert.Contains(Judge(NodeFacts.Well with { Loops = [stopped], DatabaseAwayFor = TimeSpan.FromMinutes(1) }), p => p is { Kind: AlertKind.LoopStopped, Subject: "One", Blocks: true });
        Assert.Empty(Judge(NodeFacts.Well with { Loops = [new("Two", LoopState.NotStarted, TimeSpan.Zero, TimeSpan.Zero), new("Three", LoopState.Sleeping, TimeSpan.FromDays(1), TimeSpan.Zero)] }));
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(-3, true)]
    [InlineData(1, false)]
    public void Node_ClockOff_IsNotReady(int seconds, bool wrong) =>
        Assert.Equal(wrong ? NodeHealth.NotReady : NodeHealth.Healthy, NodeRules.StatusOf(Judge(NodeFacts.Well with { ClockDifference = TimeSpan.FromSeconds(seconds) })));

    [Fact]
    public void Node_GatewayOrLowDisk_StaysReady()
    {
        var problems = Judge(NodeFacts.Well with { FreeMegabytes = 100, Gateways = [new GatewayView(7, 0, null, TimeSpan.FromSeconds(20)), new GatewayView(8, 3, Now.AddMinutes(-1), TimeSpan.Zero), new GatewayView(9, 2, Now, TimeSpan.Zero)] });
        Assert.Equal([(AlertKind.DiskFull, (long?)null), (AlertKind.GatewaySilent, 7), (AlertKind.GatewaySilent, 8)], problems.Select(p => (p.Kind, p.ResourceId)));
        Assert.Equal(NodeHealth.Degraded, NodeRules.StatusOf(problems));
    }

    [Fact]
    public void History_ManyChecksInACell_ShowTheWorst()
    {
        HealthCheckRow Row(double minute, NodeHealth status, string problems = "") => new() { Node = "a", At = Now.AddMinutes(minute), Status = status, Problems = problems };
        HealthCheckRow[] rows = [Row(0, NodeHealth.Healthy), Row(1, NodeHealth.NotReady, "DatabaseAway"), Row(2, NodeHealth.Healthy), Row(20, NodeHealth.Degraded, "DiskFull a")];

        var node = HealthHistory.Of("a", rows, Now, TimeSpan.FromDays(1));

        Assert.Equal((NodeHealth.NotReady, "DatabaseAway"), (node.Cells[0].Status, node.Cells[0].Problems));
        Assert.Equal((NodeHealth.Degraded, null), (node.Cells[1].Status, node.Cells[2].Status));
        Assert.Equal((NodeHealth.Degraded, 0.75), (node.Status, node.Ready));
        Assert.Equal([NodeHealth.Degraded, NodeHealth.Healthy, NodeHealth.NotReady], HealthHistory.Changes(rows).Select(c => c.Status));
    }

    [Fact]
    public void Fault_OfADriver_IsNamedThroughWhatWrapsIt()
    {
        Assert.Equal(DatabaseFault.Full, DatabaseErrors.FaultOf(new Microsoft.EntityFrameworkCore.DbUpdateException("x", new Microsoft.Data.Sqlite.SqliteException("full", 13))));
        Assert.Equal(DatabaseFault.Away, DatabaseErrors.FaultOf(new InvalidOperationException("x", new Npgsql.NpgsqlException("gone", new IOException()))));
        Assert.Equal(DatabaseFault.None, DatabaseErrors.FaultOf(new Microsoft.Data.Sqlite.SqliteException("unique", 19, 2067)));
        Assert.Equal(DatabaseFault.None, DatabaseErrors.FaultOf(new InvalidOperationException("a fault of ours")));
    }

    [Fact]
    public void Signature_IsTheOneThatReceiversCompute() => Assert.Equal(
        "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("a-secret-of-the-tests"u8, "1700000000.{}"u8)), AlertPost.Sign("a-secret-of-the-tests", "1700000000", "{}"u8));

    private static IReadOnlyList<NodeProblem> Judge(NodeFacts facts) => NodeRules.Judge(facts, AlertSettings.Standard, "a", Now);

    private static Alert Of(AlertKind kind, AlertSeverity severity) => new() { Kind = kind, Severity = severity, DedupeKey = "k", FirstSeenAt = Now, LastSeenAt = Now };

    private static TellingFacts Facts(Alert alert, bool quiet = false, bool flaps = false) =>
        new(alert, flaps, quiet ? new QuietHours(TimeSpan.FromHours(22), TimeSpan.FromHours(7)) : null, TimeSpan.FromHours(23), TimeSpan.FromSeconds(900));
}
