using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Overview;
using Dispatch.Core.Profiles;
using Dispatch.Core.Reporting;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Compliance;

public sealed class LeasesOnSqlite(PostgresServer postgres) : LeaseCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LeasesOnPostgres(PostgresServer postgres) : LeaseCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>
/// A process that was stopped with a lease or a claim in hand, slept past it, and wakes: what it wanted to write is refused, and what the one that took over wrote stands. The claims that are
/// not here are tested where they live (docs/traceability.md).
/// </summary>
public abstract class LeaseCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const string Name = "something", Other = "node-2";

    /// <summary>Every task that one node does: its lease, what it leaves, and a pass of it.</summary>
    public static TheoryData<string> Tasks => [RollupLoop.LeaseName, RetentionLoop.LeaseName, ReportLoop.LeaseName, AlertWatch.LeaseName, ProfileAssignmentMonitoringTask.LeaseName];

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task Task_WokenAfterAnotherTookItsLease_WritesNothingAndTheOtherDoesTheWork(string task)
    {
        await using var other = await Store.StartNodeAsync(Clock, Other);
        await WorkAsync(task);
        var before = await TracesAsync();
        Node.Get<Leases>().Taken = async _ =>
        {
            await LapseAsync(task);
            Assert.NotNull(await other.Get<Leases>().TryAcquireAsync(task, Other, TimeSpan.FromHours(1)));
        };

        await RunAsync(Node, task);

        Assert.Equal(before, await TracesAsync());
        Assert.Equal(Other, await HolderAsync(task));
        await RunAsync(other, task);
        Assert.NotEqual(before, await TracesAsync());
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public async Task Task_WokenAfterAnotherDidTheWork_LeavesItAsItIs(string task)
    {
        await using var other = await Store.StartNodeAsync(Clock, Other);
        await WorkAsync(task);
        var done = "";
        Node.Get<Leases>().Taken = async _ =>
        {
            await LapseAsync(task);
            await RunAsync(other, task);
            done = await TracesAsync();
        };

        await RunAsync(Node, task);

        Assert.Equal(done, await TracesAsync());
        Assert.Equal(Other, await HolderAsync(task));
    }

    [Fact]
    public async Task Write_UnderALeaseThatMovedOn_IsRefusedAndOneThatOnlyLapsed_IsNot()
    {
        var leases = Node.Get<Leases>();
        // Lapsed, and nobody wanted it: nothing can have happened in between.
        Assert.True(await leases.UnderAsync((await leases.TryAcquireAsync(Name, "a", Seconds(30)))!, async () =>
        {
            await LapseAsync(Name);
            return await StampAsync("alone");
        }, false));
        Assert.False(await leases.UnderAsync((await leases.TryAcquireAsync(Name, "a", Seconds(30)))!, async () =>
        {
            await LapseAsync(Name);
            Assert.NotNull(await TakeAsync("b"));
            await StampAsync("late");
            return true;
        }, false));
        // Back at the same name: an epoch of its own, and the sleeper's is another.
        Assert.False(await leases.UnderAsync((await leases.TryAcquireAsync(Name, "b", Seconds(30)))!, async () =>
        {
            await LapseAsync(Name);
            Assert.NotNull(await TakeAsync("c"));
            await LapseAsync(Name);
            Assert.NotNull(await TakeAsync("b"));
            await StampAsync("late");
            return true;
        }, false));
        Assert.Equal("alone", await Node.ReadAsync(db => db.Profiles.Where(p => p.Id == Profile.Id).Select(p => p.Name).SingleAsync()));
        // And whoever writes under none is asked for none.
        Assert.True(await StampAsync("free"));
    }

    [Fact]
    public async Task PendingMessage_WhoseClaimerSlept_IsGivenByWhoeverTookItAndOnce()
    {
        await Node.ReceiveAsync(Profile, "33600", "anybody?");
        var pending = Node.Get<PendingMessageService>();
        await Node.Database.WriteAsync(s => pending.ClaimAsync(s, [Profile.Id], 10, "sleeper", Clock.Now));
        Clock.Advance(PendingMessageService.ClaimFor + Seconds(1));
        Assert.Single(await Node.Database.WriteAsync(s => pending.ClaimAsync(s, [Profile.Id], 10, "taker", Clock.Now)));

        // What it had in hand it may not give back: the taker has it.
        await Node.Database.WriteAsync(s => PendingMessageService.ReleaseAsync(s, "sleeper"));
        Assert.Empty(await Node.Database.WriteAsync(s => pending.ClaimAsync(s, [Profile.Id], 10, "third", Clock.Now)));
    }

    [Fact]
    public async Task Delivery_WhoseClaimerSlept_StaysAsTheTakerLeftIt()
    {
        await using var receiver = await StandIn.StartAsync();
        await using var other = await Store.StartNodeAsync(Clock, Other);
        foreach (var node in new[] { Node, other }) Configure(node, receiver.Address);
        await Node.Database.WriteAsync(async session =>
        {
            session.Db.Alerts.Add(new Alert { Kind = AlertKind.NobodyThere, Severity = AlertSeverity.Critical, DedupeKey = "k", FirstSeenAt = Clock.Now, LastSeenAt = Clock.Now });
            await session.Db.SaveChangesAsync();
            var alert = await session.Db.Alerts.Select(a => a.Id).SingleAsync();
            session.Db.AlertDeliveries.Add(new AlertDelivery { AlertId = alert, News = AlertNews.Raised, Body = "{}", CreatedAt = Clock.Now, DueAt = Clock.Now });
            await session.Db.SaveChangesAsync();
        });
        var first = true;
        // While the first post is under way its process sleeps for a minute, and the other one posts it.
        receiver.Answer = _ =>
        {
            if (!first) return (200, "");
            first = false;
            Clock.Advance(TimeSpan.FromMinutes(1));
            other.Get<AlertDeliveries>().RunOnceAsync(Clock.Now).GetAwaiter().GetResult();
            return (500, "");
        };

        await Node.Get<AlertDeliveries>().RunOnceAsync(Clock.Now);

        var row = await Node.ReadAsync(db => db.AlertDeliveries.SingleAsync());
        Assert.Equal((DeliveryStatus.Sent, 2), (row.Status, row.Attempts));
    }

    private static void Configure(DispatcherFixture node, string webhook)
    {
        var options = node.Get<IOptions<AlertOptions>>().Value;
        (options.WebhookUrl, options.WebhookSecret) = (new Uri(webhook), "a-secret-of-the-tests");
    }

    private static Task RunAsync(DispatcherFixture node, string task) => task switch
    {
        RollupLoop.LeaseName => node.Get<RollupLoop>().RunOnceAsync(node.Clock.Now),
        RetentionLoop.LeaseName => node.Get<RetentionLoop>().RunOnceAsync(node.Clock.Now),
        ReportLoop.LeaseName => node.Get<ReportLoop>().RunOnceAsync(node.Clock.Now),
        AlertWatch.LeaseName => node.Get<AlertWatch>().RunOnceAsync(node.Clock.Now),
        ProfileAssignmentMonitoringTask.LeaseName => node.Get<ProfileAssignmentMonitoringTask>().RunOnceAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "no such task"),
    };

    /// <summary>Something to do for each of them: to count, to delete, to report, to raise and to find.</summary>
    private async Task WorkAsync(string task)
    {
        var vip = await Node.AddExclusiveAsync("vip");
        var ana = (await Node.AddOnlineAsync("Ana"))[0];
        foreach (var address in new[] { "336001", "336002", "336003" })
        {
            var conversation = await Node.OpenAsync(Profile, address, "old");
            await Node.Orchestrator.CloseAsync(conversation.Id, ana);
        }
        await RollupCompliance.CountAllAsync(Node, Clock.Now);
        await Node.Get<SettingsService>().ChangeAsync(RetentionSettings.MessagesKey.Key, 30, null);
        Clock.Advance(TimeSpan.FromDays(40));
        await RollupCompliance.CountAllAsync(Node, Clock.Now);
        await Node.Orchestrator.HandleUserDisconnectedAsync((await Node.ReadAsync(db => db.ModeratorConnections.SingleAsync())).ConnectionId);
        Clock.Advance(TimeSpan.FromMinutes(10));
        await Node.EndGraceAsync();
        // Nobody is there, for long; a profile that nobody holds has a contact who waits.
        await Node.OpenAsync(vip, "336004");
        Clock.Advance(TimeSpan.FromHours(30));
        // A report waits for the counts.
        if (task != RollupLoop.LeaseName) await RollupCompliance.CountAllAsync(Node, Clock.Now);
    }

    /// <summary>What the five leave behind, as one text.</summary>
    private async Task<string> TracesAsync()
    {
        await using var db = Store.Open();
        return JsonSerializer.Serialize(new
        {
            Rollups = await db.Rollups.AsNoTracking().OrderBy(r => r.Series).ThenBy(r => r.Grain).ThenBy(r => r.At).ThenBy(r => r.Part).ToListAsync(),
            Cursors = await db.RollupCursors.AsNoTracking().OrderBy(c => c.Source).ToListAsync(),
            Messages = await db.Messages.CountAsync(), Audit = await db.AuditEntries.CountAsync(), Reports = await db.Reports.CountAsync(),
            Alerts = await db.Alerts.AsNoTracking().OrderBy(a => a.Id).ToListAsync(), Told = await db.AlertDeliveries.CountAsync(),
            Findings = await db.AssignmentFindings.AsNoTracking().OrderBy(f => f.Id).ToListAsync(),
        });
    }

    private Task LapseAsync(string name) => OutsideAsync(db => db.Leases.Where(l => l.Name == name).ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, DateTime.UnixEpoch)));

    private async Task<HeldLease?> TakeAsync(string holder)
    {
        HeldLease? taken = null;
        await OutsideAsync(async _ => taken = await Node.Get<Leases>().TryAcquireAsync(Name, holder, Seconds(30)));
        return taken;
    }

    /// <summary>As another process would: under no lease of ours.</summary>
    private async Task OutsideAsync(Func<DispatchDb, Task> work)
    {
        Task task;
        using (ExecutionContext.SuppressFlow())
        {
            task = Task.Run(async () =>
            {
                await using var db = Store.Open();
                await work(db);
            });
        }
        await task;
    }

    private async Task<string> HolderAsync(string name) => await Node.ReadAsync(db => db.Leases.Where(l => l.Name == name).Select(l => l.Holder).SingleAsync());

    private Task<bool> StampAsync(string name) => Node.Database.WriteAsync(async session =>
        await session.Db.Profiles.Where(p => p.Id == Profile.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Name, name)) == 1);
}
