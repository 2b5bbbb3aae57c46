using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Seed 004 <c>queue.py</c>: executes what is due. A process goes through the accounts in turn, claims and starts a chunk of each, and claims the next while gateways answer and answers are
/// recorded: <see cref="OutreachOptions.Parallel"/> chunks are on their way at once. Several processes share the work without knowing of each other. What the dead left is freed by
/// <see cref="OutreachNode"/>, also while this one is busy.
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
    private readonly ChunksOnTheirWay _chunks;
    private readonly OutreachSignal _signal;

    /// <summary>Null: the loop does not run, and everything is found by a look.</summary>
    private PromptClaims? _prompt;
    private CancellationTokenSource _stopPrompt = new();
    private int _first;
    private DateTime? _next;

    /// <summary>The last look found something due and got nothing of it.</summary>
    private bool _dueLeft;

    internal ActionQueueJob(
        Database database, SendPath path, OutreachNode node, OutreachSignal signal, IOptions<OutreachOptions> options, TimeProvider clock, ILogger<ActionQueueJob> logger)
        : base(clock, logger, signal)
    {
        _database = database;
        _path = path;
        _node = node;
        _signal = signal;
        _options = options.Value;
        _chunks = new ChunksOnTheirWay(_options.Parallel);
        _logger = logger;
    }

    /// <summary>Takes over from the dead and executes everything that may leave now, until all of it is recorded; returns how many actions were executed.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        await _node.TakeOverAsync(now, cancel);
        var total = 0;
        while (!cancel.IsCancellationRequested)
        {
            var (claimed, ended) = (0, _chunks.Ended);
            total += claimed = await ClaimPendingAsync(cancel);
            if (claimed > 0) continue;
            // What was on its way may have held back the next step of somebody, or its account.
            await _chunks.WaitAsync();
            if (_chunks.Ended == ended) break;
        }
        await _chunks.WaitAsync();
        return total;
    }

    /// <summary>Seed 004 <c>process_pending_actions</c>: one batch; returns how many were in it, when all of it is recorded.</summary>
    public async Task<int> ProcessPendingActions(CancellationToken cancel = default)
    {
        var claimed = await ClaimPendingAsync(cancel);
        await _chunks.WaitAsync();
        return claimed;
    }

    /// <summary>Claims one batch and sets it on its way; returns how many are in it.</summary>
    private async Task<int> ClaimPendingAsync(CancellationToken cancel)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        List<AccountWork> work;
        await using (var db = _database.Read()) work = await AccountReader.WorkAsync(db, cancel);
        _prompt?.See(work, now);
        var due = work.Where(w => w.Heads.Any(h => h.Due <= now) && w.Heads.Any(h => ScheduleRules.Blocked(w.Account, h.Type, default, now) is null)).ToList();
        // What is known to come is claimed when it does.
        (_next, _dueLeft) = (Next(work, now, coming: _prompt is null), false);
        if (due.Count == 0) return 0;
        // Not always the same account first, and none takes the whole batch while others wait.
        var share = Math.Max(1, _options.BatchSize / due.Count);
        _first++;
        var chosen = Enumerable.Range(0, Math.Min(due.Count, _options.BatchSize)).Select(i => due[(int)((uint)(_first + i) % (uint)due.Count)]);
        var claimed = (await Task.WhenAll(chosen.Select(one => ClaimAsync(one, share, cancel)))).Sum();
        _dueLeft = claimed == 0;
        return claimed;
    }

    /// <summary>Chunk after chunk of one account, each as soon as there is room for it.</summary>
    private async Task<int> ClaimAsync(AccountWork work, int share, CancellationToken cancel)
    {
        var (account, total) = (work.Account, 0);
        while (total < share && !cancel.IsCancellationRequested)
        {
            // After a failure one goes first and shows whether the others may follow.
            if (account.Row.Failures > 0 && _chunks.IsBusy(account.Id)) break;
            var chunk = await _chunks.EnterAsync(account.Id, cancel);
            if (chunk is null) break;
            var most = Math.Min(share - total, _options.ChunkSize);
            var claim = await ClaimAsync(work, most, chunk, cancel);
            total += claim;
            if (claim < most) break;
        }
        return total;
    }

    private async Task<int> ClaimAsync(AccountWork work, int most, ChunksOnTheirWay.Chunk chunk, CancellationToken cancel)
    {
        Task? sending = null;
        try
        {
            var owner = await _node.HoldAsync(cancel);
            var now = Clock.GetUtcNow().UtcDateTime;
            var claim = await _path.ClaimAsync(work.Account, [.. work.Heads.Where(h => h.Due <= now)], most, owner, cancel);
            // What is in hand is sent or given back, also when the process is asked to stop.
            if (claim.Count > 0) sending = SendAsync(claim, owner, chunk, cancel);
            return claim.Count;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // One account that cannot be served must not hold up the others.
            LogNotClaimed(e, work.Account.Id);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        finally
        {
            if (sending is null) chunk.Leave(sent: false);
        }
    }

    private async ValueTask<ClaimAlong?> AlongAsync()
    {
        // Whoever stores must not wait for the lease, which is stored as well.
        if (_prompt is not { } prompt || _node.Held is not { } owner) return null;
        var stop = _stopPrompt.Token;
        return new ClaimAlong(prompt, _chunks, await _path.ClaimingAsync(owner, stop), _options.ChunkSize, (claim, chunk) => SendAsync(claim, owner, chunk, stop));
    }

    private async Task SendAsync(ClaimResult claim, string owner, ChunksOnTheirWay.Chunk chunk, CancellationToken cancel)
    {
        try
        {
            await Task.WhenAll(_path.SendBegunAsync(claim.Begun, owner), claim.Actions.Count == 0 ? Task.CompletedTask : _path.SendAsync(claim.Actions, cancel));
        }
        catch (Exception e)
        {
            LogNotSent(e, claim.Count);
        }
        finally
        {
            // Something that is due may have waited for this.
            if (chunk.Leave(sent: true)) Wake();
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var ended = _chunks.Ended;
            if (await ClaimPendingAsync(stop) > 0) continue;
            // What ended meanwhile woke nobody.
            if (_dueLeft && !_chunks.WakeAfter(ended)) continue;
            break;
        }
        // A millisecond more than to the moment itself: timers are no finer than that.
        return _next is { } next && next - Clock.GetUtcNow().UtcDateTime + OneTick is var sleep && sleep < MaxSleep ? sleep > OneTick ? sleep : OneTick : MaxSleep;
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _stopPrompt = new CancellationTokenSource();
        var stop = _stopPrompt.Token;
        _prompt = new PromptClaims(work => ClaimAsync(work, _options.ChunkSize, stop), _options.ChunkSize, Wake, _options, Clock);
        (_signal.Prompt, _signal.Along) = (_prompt.Add, AlongAsync);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        (_signal.Prompt, _signal.Along) = (null, null);
        _prompt?.Dispose();
        _prompt = null;
        await _stopPrompt.CancelAsync();
        await base.StopAsync(cancellationToken);
        // What the gateways were called for is recorded; with no time left it is in doubt.
        await _chunks.WaitAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _prompt?.Dispose();
        _stopPrompt.Dispose();
        base.Dispose();
    }

    /// <summary>When something that waits now may leave; null: nobody knows, or nothing waits.</summary>
    private static DateTime? Next(List<AccountWork> work, DateTime now, bool coming)
    {
        DateTime? next = null;
        foreach (var (account, heads) in work)
        {
            foreach (var (type, due) in heads)
            {
                var at = due > now ? coming ? due : null : ScheduleRules.Blocked(account, type, default, now)?.Until;
                if (at is { } one && !(next <= one)) next = one;
            }
        }
        return next;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The sending of {Count} actions broke off; they are let go")]
    private partial void LogNotSent(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing could be claimed for account {AccountId}")]
    private partial void LogNotClaimed(Exception exception, long accountId);
}
