using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Outreach;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingAlertsOnSqlite(PostgresServer postgres) : MatchingAlertCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingAlertsOnPostgres(PostgresServer postgres) : MatchingAlertCompliance(DatabaseProvider.PostgreSql, postgres);

public sealed class WorkAlertsOnSqlite(PostgresServer postgres) : WorkAlertCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class WorkAlertsOnPostgres(PostgresServer postgres) : WorkAlertCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Alerts of matching begin with their cause and end with it.</summary>
public abstract class MatchingAlertCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    [Theory]
    [InlineData("cancel")]
    [InlineData("assign")]
    public async Task BookingTimeout_EndsWhenSomebodySeesToTheBooking(string way)
    {
        var driver = await DriverAsync(status: DriverStatus.Offline);
        var booking = await SearchedAsync();
        Clock.Advance(Node.MatchingSettings.BookingTimeout + Seconds(1));
        await RunLoopsAsync();
        var alert = Assert.Single(await OpenAsync(AlertKind.BookingTimeout));
        Assert.Equal((AlertSeverity.Critical, (long?)booking), (alert.Severity, alert.ResourceId));

        if (way == "cancel") await Matching.CancelMatchingAsync(booking, "no");
        else
        {
            await Drivers.SetStatusAsync(driver, DriverStatus.Available);
            await Matching.AssignAsync(booking, driver);
        }
        Assert.Empty(await OpenAsync(AlertKind.BookingTimeout));
    }

    [Fact]
    public async Task LowAvailability_EndsWhenEnoughDriversAreThere()
    {
        await SearchedAsync("Plateau");
        Assert.Equal("Plateau", Assert.Single(await OpenAsync(AlertKind.LowDriverAvailability)).Subject);
        Clock.Advance(TimeSpan.FromMinutes(5));
        for (var i = 0; i < Node.MatchingSettings.LowAvailability - 1; i++) await DriverAsync("Plateau");
        await Node.Get<MatchingHealthService>().RunOnceAsync();
        Assert.Single(await OpenAsync(AlertKind.LowDriverAvailability));

        await DriverAsync("Plateau");
        await DriverAsync("Plateau");
        await Node.Get<MatchingHealthService>().RunOnceAsync();
        Assert.Empty(await OpenAsync(AlertKind.LowDriverAvailability));
    }

    [Theory]
    [InlineData(SystemErrorType.MatchingFailure, AlertKind.MatchingFailure)]
    [InlineData(SystemErrorType.DatabaseError, AlertKind.DatabaseError)]
    [InlineData(SystemErrorType.NotificationFailure, AlertKind.NotificationFailure)]
    public async Task SystemError_ReportedAndNotAgain_EndsAfterItsTime(SystemErrorType type, AlertKind kind)
    {
        var (admins, watch) = (Node.Get<AdminAlertService>(), Node.Get<AlertWatch>());
        await admins.AlertSystemErrorAsync(type);
        Clock.Advance(Seconds(800));
        await admins.AlertSystemErrorAsync(type);
        Clock.Advance(Seconds(800));
        await watch.RunOnceAsync(Clock.Now);
        Assert.Equal((2, AlertSeverity.Critical), (Assert.Single(await OpenAsync(kind)).Count, Assert.Single(await OpenAsync(kind)).Severity));

        Clock.Advance(Seconds(101));
        await watch.RunOnceAsync(Clock.Now);
        Assert.Empty(await OpenAsync(kind));
    }

    private Task<List<Alert>> OpenAsync(AlertKind kind) => Node.ReadAsync(db => db.Alerts.Where(a => a.Kind == kind && a.ResolvedAt == null).ToListAsync());
}

/// <summary>Alerts about people and their work begin with their cause and end with it.</summary>
public abstract class WorkAlertCompliance(DatabaseProvider provider, PostgresServer postgres) : OutreachTest(provider, postgres)
{
    private AlertWatch Watch => Node.Get<AlertWatch>();

    [Fact]
    public async Task ModeratorsFull_EndsWhenSomebodyHasRoom()
    {
        var ana = await Node.AddModeratorAsync("Ana", max: 1);
        await Node.ConnectAsync(ana);
        var mine = await Node.OpenAsync(Profile, "33600");
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal((0, 0), await Watch.RunOnceAsync(Clock.Now));
            await Node.OpenAsync(Profile, $"3360{i}");
        }
        Assert.Equal((1, 0), await Watch.RunOnceAsync(Clock.Now));
        Assert.Equal((AlertKind.ModeratorsFull, "1", "3"), await Node.ReadAsync(async db => (await db.Alerts.SingleAsync()) is var a ? (a.Kind, a.Subject!, a.Details!) : default));

        await Node.Orchestrator.CloseAsync(mine.Id, ana);
        await Node.DrainAsync();
        Assert.Equal((0, 1), await Watch.RunOnceAsync(Clock.Now));
    }

    [Fact]
    public async Task ActionsLate_EndsWhenTheyLeave()
    {
        var account = await AccountAsync();
        await PlannedAsync(ActionKinds.FirstContact, await ProspectAsync(account));
        Clock.Advance(Seconds(890));
        Assert.Equal((0, 0), await Watch.RunOnceAsync(Clock.Now));
        Clock.Advance(Seconds(20));
        Assert.Equal((1, 0), await Watch.RunOnceAsync(Clock.Now));
        Assert.Equal((AlertKind.ActionsLate, AlertSeverity.Critical, (long?)account), await Node.ReadAsync(async db => (await db.Alerts.SingleAsync()) is var a ? (a.Kind, a.Severity, a.ResourceId) : default));

        await RunAsync();
        Assert.Equal((0, 1), await Watch.RunOnceAsync(Clock.Now));
    }
}
