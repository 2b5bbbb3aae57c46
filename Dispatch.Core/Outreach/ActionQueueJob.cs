using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Seed 004 <c>queue.py</c>: executes what is due. A process claims a batch over all accounts in turn, sends it and claims the next; several processes share the work without knowing of
/// each other. What the dead left is freed by <see cref="OutreachNode"/>, also while this one is busy.
/// </summary>
public sealed partial class ActionQueueJob : HostedLoop
{
    /// <summary>What another process planned is seen after this at the latest.</summary>
    private static readonly TimeSpan MaxSleep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OneTick = TimeSpan.FromMilliseconds(1);

    private readonly Database _database;
    private readonly SendPath _path;
    private readonly OutreachNode _node;
    private readonly OutreachOptions _options;
    private readonly ILogger _logger;
    private readonly ActionsInHand _hand;
    private int _first;
    private DateTime? _next;

    internal ActionQueueJob(
        Database database, SendPath path, OutreachNode node, ActionsInHand hand, OutreachSignal signal, IOptions<OutreachOptions> options, TimeProvider clock,
        ILogger<ActionQueueJob> logger)
        : base(clock, logger, signal)
    {
        _database = database;
        _path = path;
        _node = node;
        _hand = hand;
        _options = options.Value;
        _logger = logger;
    }

    /// <summary>Takes over from the dead and executes everything that may leave now; returns how many actions were executed.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        await _node.TakeOverAsync(now, cancel);
        return await ExecuteAllAsync(cancel);
    }

    private async Task<int> ExecuteAllAsync(CancellationToken cancel)
    {
        var total = 0;
        while (!cancel.IsCancellationRequested)
        {
            var executed = await ProcessPendingActions(cancel);
            if (executed == 0) break;
            total += executed;
        }
        return total;
    }

    /// <summary>Seed 004 <c>process_pending_actions</c>: one batch; returns how many were in it.</summary>
    public async Task<int> ProcessPendingActions(CancellationToken cancel = default)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        List<AccountWork> work;
        await using (var db = _database.Read()) work = await AccountReader.WorkAsync(db, cancel);
        var due = work.Where(w => w.Heads.Any(h => h.Due <= now) && w.Heads.Any(h => ScheduleRules.Blocked(w.Account, h.Type, default, now) is null)).ToList();
        _next = Next(work, now);
        if (due.Count == 0) return 0;
        var owner = await _node.HoldAsync(cancel);
        // Not always the same account first, and none takes the whole batch while others wait.
        var share = Math.Max(1, _options.BatchSize / due.Count);
        _first++;
        var chosen = Enumerable.Range(0, Math.Min(due.Count, _options.BatchSize)).Select(i => due[(int)((uint)(_first + i) % (uint)due.Count)]);
        var claimed = new System.Collections.Concurrent.ConcurrentBag<ClaimedAction>();
        await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel }, async (one, _) =>
        {
            if (cancel.IsCancellationRequested) return;
            foreach (var action in await ClaimAsync(one, share, owner, now, cancel)) claimed.Add(action);
        });
        // By account, or chunks that are recorded at once wait for each other at the accounts' days.
        // What is in hand is sent or given back, also when the process is asked to stop.
        if (claimed.Count > 0) await _path.SendAsync([.. claimed.OrderBy(a => a.Account.Id).ThenBy(a => a.DueAt).ThenBy(a => a.Id)], cancel);
        return claimed.Count;
    }

    private async Task<IReadOnlyList<ClaimedAction>> ClaimAsync(AccountWork work, int most, string owner, DateTime now, CancellationToken cancel)
    {
        var (account, heads) = work;
        try
        {
            var ready = heads.Where(h => h.Due <= now).ToList();
            var batch = (await _database.WriteAsync(session => ActionClaims.ClaimDueAsync(session, account, ready, most, owner, now, _options), cancel)).Actions;
            _hand.Take(batch);
            return batch;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // One account that cannot be served must not hold up the others.
            LogNotClaimed(e, account.Id);
            return [];
        }
        catch (OperationCanceledException)
        {
            return [];
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await ExecuteAllAsync(stop);
        // A millisecond more than to the moment itself: timers are no finer than that.
        return _next is { } next && next - Clock.GetUtcNow().UtcDateTime + OneTick is var sleep && sleep < MaxSleep ? sleep > OneTick ? sleep : OneTick : MaxSleep;
    }

    /// <summary>When something that waits now may leave; null: nobody knows, or nothing waits.</summary>
    private static DateTime? Next(List<AccountWork> work, DateTime now)
    {
        DateTime? next = null;
        foreach (var (account, heads) in work)
        {
            foreach (var (type, due) in heads)
            {
                var at = due > now ? due : ScheduleRules.Blocked(account, type, default, now)?.Until;
                if (at is { } one && !(next <= one)) next = one;
            }
        }
        return next;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing could be claimed for account {AccountId}")]
    private partial void LogNotClaimed(Exception exception, long accountId);
}
