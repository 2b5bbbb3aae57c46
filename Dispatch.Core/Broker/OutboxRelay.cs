using System.Text;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Broker;

/// <summary>
/// Publishes what the outbox holds, in order per worker and number. A row is claimed for a while before it is published, so that two nodes do not publish
/// it at once; a relay that dies in between lets the claim lapse, and the row leaves again under the same message id.
/// </summary>
public sealed partial class OutboxRelay(
    Database database, IWorkerBus bus, IWorkerDirectory directory, IEnumerable<IWorkerCommandFollower> followers, IOptions<NodeOptions> node, OutboxSignal signal, TimeProvider clock,
    ILogger<OutboxRelay> logger) : HostedLoop(clock, logger, signal)
{
    /// <summary>Longer than the bus waits for a confirm.</summary>
    public static readonly TimeSpan ClaimFor = TimeSpan.FromSeconds(14);

    private const int PerPass = 256;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly double[] BackOff = [0.5, 1, 2, 5, 10, 30];

    private readonly IWorkerCommandFollower[] _followers = [.. followers];

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        while (await RunOnceAsync(Clock.GetUtcNow().UtcDateTime, stop) >= PerPass)
        {
            // more is waiting
        }
        return Interval;
    }

    /// <summary>Claims, publishes and marks one batch; returns how many rows it claimed.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken stop = default)
    {
        var routes = (await directory.ListAsync(stop)).ToDictionary(r => r.WorkerId, StringComparer.Ordinal);
        var reachable = routes.Values.Where(r => bus.Obstacle(r) is null).Select(r => r.WorkerId).ToList();
        await SayWhyAsync(routes, reachable, now, stop);
        if (reachable.Count == 0) return 0;
        // A legacy worker is handed one command at a time: claiming more would only hold them.
        var legacy = reachable.Where(w => routes[w].Mode == WorkerMode.Legacy).ToList();
        var candidates = await CandidatesAsync([.. reachable.Except(legacy, StringComparer.Ordinal)], PerPass, now, stop);
        foreach (var worker in legacy) candidates.AddRange(await CandidatesAsync([worker], 1, now, stop));
        if (candidates.Count == 0) return 0;
        var claim = $"{node.Value.Name}:{Guid.NewGuid():N}";
        var claimed = await database.WriteAsync(session => ClaimAsync(session, candidates, claim, now), stop);
        if (claimed.Count == 0) return 0;
        // Claimed is claimed: also while stopping it is published, or it would wait for the claim to lapse.
        var late = claimed.Where(c => c.ExpiresAt <= now).ToList();
        var results = await PublishAsync([.. claimed.Except(late)], routes);
        var finished = Clock.GetUtcNow().UtcDateTime;
        await database.WriteAsync(session => MarkAsync(session, claim, late, results, finished), CancellationToken.None);
        return claimed.Count;
    }

    /// <summary>Rows that may leave: due, and behind nothing of their line that may not.</summary>
    private async Task<List<(long Id, string WorkerId, long? NumberId)>> CandidatesAsync(List<string> reachable, int most, DateTime now, CancellationToken stop)
    {
        if (reachable.Count == 0) return [];
        await using var db = database.Read();
        var open = db.WorkerOutbox.Where(c => c.Status == OutboxStatus.Queued || c.Status == OutboxStatus.Publishing);
        var rows = await open
            .Where(c => reachable.Contains(c.WorkerId) && (c.Status == OutboxStatus.Publishing ? c.ClaimedUntil <= now : c.DueAt <= now))
            .Where(c => c.NumberId == null || !open.Any(e => e.WorkerId == c.WorkerId && e.NumberId == c.NumberId && e.Id < c.Id
                && (e.Status == OutboxStatus.Publishing ? e.ClaimedUntil > now : e.DueAt > now)))
            .OrderBy(c => c.Id).Take(most).Select(c => new { c.Id, c.WorkerId, c.NumberId }).ToListAsync(stop);
        return rows.ConvertAll(r => (r.Id, r.WorkerId, r.NumberId));
    }

    private static async Task<List<ClaimedCommand>> ClaimAsync(
        WriteSession session, List<(long Id, string WorkerId, long? NumberId)> candidates, string claim, DateTime now)
    {
        var claimed = (await RelayStatements.ClaimAsync(session, candidates.ConvertAll(c => c.Id), claim, now, now + ClaimFor)).ToDictionary(c => c.Id);
        // Another relay may have been faster with the first of a line and not with the second: the second waits for the first.
        var broken = new HashSet<(string, long?)>();
        List<long> back = [];
        foreach (var (id, worker, number) in candidates)
        {
            if (number is null) continue;
            if (!claimed.ContainsKey(id)) broken.Add((worker, number));
            else if (broken.Contains((worker, number))) back.Add(id);
        }
        if (back.Count > 0) await RelayStatements.GiveBackAsync(session, back, claim);
        return [.. claimed.Values.Where(c => !back.Contains(c.Id)).OrderBy(c => c.Id)];
    }

    /// <summary>One of each line at once; the next of a line when its predecessor is confirmed. What stands behind one that did not leave does not leave either.</summary>
    private async Task<List<(ClaimedCommand Command, WaitReason? Reason, bool Tried)>> PublishAsync(List<ClaimedCommand> commands, Dictionary<string, WorkerRoute> routes)
    {
        var lines = commands.GroupBy(c => (c.WorkerId, c.NumberId ?? -c.Id)).Select(line => PublishLineAsync([.. line], routes));
        return [.. (await Task.WhenAll(lines)).SelectMany(l => l)];
    }

    private async Task<List<(ClaimedCommand, WaitReason?, bool)>> PublishLineAsync(List<ClaimedCommand> line, Dictionary<string, WorkerRoute> routes)
    {
        var results = new List<(ClaimedCommand, WaitReason?, bool)>(line.Count);
        WaitReason? stuck = null;
        foreach (var command in line)
        {
            var tried = stuck is null;
            if (tried)
            {
                var route = routes[command.WorkerId];
                try
                {
                    stuck = await bus.PublishAsync(route, Message(command, route));
                }
                catch (Exception e)
                {
                    LogPublishFailed(e, command.Id, command.WorkerId);
                    stuck = WaitReason.NotConfirmed;
                }
            }
            if (tried) BrokerMetrics.OnPublished(stuck);
            results.Add((command, stuck, tried));
        }
        return results;
    }

    private BusMessage Message(ClaimedCommand command, WorkerRoute route)
    {
        var body = Encoding.UTF8.GetBytes(command.Body);
        if (route.Mode == WorkerMode.Legacy && WorkerCommands.Read(body, out _) is { } read) body = WorkerCommands.Write(read, command.CreatedAt, legacy: true);
        return new BusMessage(body, command.CommandId, command.SessionId, WorkerCommands.Name(command.Action), command.ExpiresAt - Clock.GetUtcNow().UtcDateTime);
    }

    private async Task MarkAsync(
        WriteSession session, string claim, List<ClaimedCommand> late, List<(ClaimedCommand Command, WaitReason? Reason, bool Tried)> results, DateTime now)
    {
        var progress = new List<CommandProgress>();
        await DoneAsync(late, OutboxStatus.Expired, CommandResult.Expired);
        await DoneAsync([.. results.Where(r => r.Reason is null).Select(r => r.Command)], OutboxStatus.Published, CommandResult.Published);
        foreach (var (command, reason, tried) in results.Where(r => r.Reason is not null))
        {
            if (!tried || reason is WaitReason.BrokerDown or WaitReason.Elsewhere or WaitReason.Busy)
            {
                // Not its own failure: due at once when the way is free, behind its predecessor.
                await RelayStatements.GiveBackAsync(session, [command.Id], claim);
                continue;
            }
            var pause = BackOff[Math.Min(command.Attempts, BackOff.Length - 1)];
            if (await RelayStatements.AgainAsync(session, command.Id, claim, reason!.Value, now + TimeSpan.FromSeconds(pause)) == 0) continue;
            progress.Add(command.Progress(CommandResult.Waiting, reason));
            LogWaits(command.Id, command.WorkerId, reason.Value, command.Attempts + 1);
            session.Publish(Topics.Broker, EventNames.CommandWaits, command.Id);
        }
        await TellAsync(session, progress, now);

        async Task DoneAsync(List<ClaimedCommand> commands, OutboxStatus status, CommandResult result)
        {
            if (commands.Count == 0) return;
            var marked = (await RelayStatements.DoneAsync(session, commands.ConvertAll(c => c.Id), claim, status, now)).ToHashSet();
            progress.AddRange(commands.Where(c => marked.Contains(c.Id)).Select(c => c.Progress(result)));
        }
    }

    /// <summary>What waits for a worker that cannot be reached says so, once.</summary>
    private async Task SayWhyAsync(Dictionary<string, WorkerRoute> routes, List<string> reachable, DateTime now, CancellationToken stop)
    {
        List<string> silent = [];
        await using (var db = database.Read())
        {
            var waiting = await db.WorkerOutbox.Where(c => (c.Status == OutboxStatus.Queued || c.Status == OutboxStatus.Publishing) && !reachable.Contains(c.WorkerId) && c.Status == OutboxStatus.Queued)
                .Select(c => new { c.WorkerId, c.Reason }).Distinct().ToListAsync(stop);
            foreach (var worker in waiting.Where(w => Reason(w.WorkerId) is { } reason && reason != w.Reason).Select(w => w.WorkerId).Distinct(StringComparer.Ordinal)) silent.Add(worker);
        }
        foreach (var worker in silent)
        {
            if (Reason(worker) is not { } reason) continue;
            await database.WriteAsync(async session =>
            {
                var rows = await RelayStatements.WaitAsync(session, worker, reason);
                if (rows.Count == 0) return;
                session.Publish(Topics.Broker, EventNames.CommandWaits, rows[0].Id);
                await TellAsync(session, [.. rows.Select(r => r.Progress(CommandResult.Waiting, reason, tried: 0))], now);
            }, stop);
        }

        WaitReason? Reason(string worker) => routes.TryGetValue(worker, out var route)
            ? bus.Obstacle(route) is { } obstacle and not (WaitReason.Elsewhere or WaitReason.Busy) ? obstacle : null
            : WaitReason.UnknownWorker;
    }

    /// <summary>A published command came back from its queue. False: this outbox does not know it.</summary>
    internal Task<bool> TakeBackAsync(string commandId, DateTime now, CancellationToken stop) => database.WriteAsync(async session =>
    {
        var rows = await RelayStatements.TakeBackAsync(session, commandId, now + Interval);
        await TellAsync(session, rows.ConvertAll(r => r.Progress(CommandResult.Waiting, WaitReason.NoConsumer, tried: 0)), now);
        return rows.Count > 0 || await session.Db.WorkerOutbox.AnyAsync(c => c.CommandId == commandId);
    }, stop);

    private async Task TellAsync(WriteSession session, IReadOnlyList<CommandProgress> progress, DateTime now)
    {
        if (progress.Count == 0) return;
        foreach (var follower in _followers)
        {
            await follower.CommandsAsync(session, progress, now);
            session.Db.ChangeTracker.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Publishing command {OutboxId} for worker {WorkerId} failed")]
    private partial void LogPublishFailed(Exception exception, long outboxId, string workerId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Command {OutboxId} for worker {WorkerId} waits: {Reason} (attempt {Attempt})")]
    private partial void LogWaits(long outboxId, string workerId, WaitReason reason, int attempt);
}
