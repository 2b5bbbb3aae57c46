using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// This process among those that send: one lease for all that it has in hand, renewed at a third of its time. Whose lease lapsed is dead: what he had claimed is free again, what he was
/// sending is uncertain. A process that was only slow can start nothing in the meantime, because the start asks for the lease.
/// </summary>
public sealed partial class OutreachNode : HostedLoop
{
    private const string Prefix = "outreach/";

    /// <summary>After its lease a dead process waits so long for us at the most.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly Database _database;
    private readonly Leases _leases;
    private readonly ActionsInHand _hand;
    private readonly ActionThread _thread;
    private readonly TimeSpan _lease;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _renewing = new(1, 1);
    private volatile Renewal? _held;
    private DateTime _sweepAt;

    internal OutreachNode(
        Database database, Leases leases, ActionsInHand hand, ActionThread thread, IOptions<NodeOptions> node, IOptions<OutreachOptions> options, TimeProvider clock, ILogger<OutreachNode> logger)
        : base(clock, logger)
    {
        _database = database;
        _leases = leases;
        _hand = hand;
        _thread = thread;
        _lease = options.Value.Lease;
        _logger = logger;
        var name = node.Value.Name;
        Name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{name[..Math.Min(name.Length, 36)]}/{Guid.NewGuid().ToString("n")[..8]}");
    }

    /// <summary>The lease's name and holder: of this process and this start of it.</summary>
    public string Name { get; }

    /// <summary>
    /// Whether the lease still holds for sure, by this machine's clock alone: asked just before a gateway is called. A process that was frozen after its start was committed finds
    /// somebody else in its place and must not call any more.
    /// </summary>
    internal bool MaySend => _held is { } held && TimeProvider.System.GetElapsedTime(held.SystemAt) < _lease * 0.75;

    /// <summary>Sees to it that the lease holds for a while; returns its name.</summary>
    public async ValueTask<string> HoldAsync(CancellationToken cancel = default)
    {
        if (IsFresh) return Name;
        await _renewing.WaitAsync(cancel);
        try
        {
            if (IsFresh) return Name;
            var at = new Renewal(Clock.GetTimestamp(), TimeProvider.System.GetTimestamp());
            await _leases.TryAcquireAsync(Name, Name, _lease, cancel);
            _held = at;
        }
        finally
        {
            _renewing.Release();
        }
        return Name;
    }

    /// <summary>The lease's name while it holds for a while without being renewed; null: ask <see cref="HoldAsync"/>.</summary>
    internal string? Held => IsFresh ? Name : null;

    /// <summary>The lease may not be ours any more: the next <see cref="HoldAsync"/> asks.</summary>
    internal void Doubt() => _held = null;

    /// <summary>Takes over from the dead; returns how many actions it was. Safe to run everywhere at once: the rows decide.</summary>
    public async Task<int> TakeOverAsync(DateTime now, CancellationToken cancel = default)
    {
        await HoldAsync(cancel);
        // Nobody has anything in hand most of the time: looked at without a transaction first. What comes in between is found a second later.
        await using (var db = _database.Read())
        {
            var mine = Name;
            if (!await db.OutreachActions.AnyAsync(a => (a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending) && a.LeaseOwner != mine, cancel)) return 0;
        }
        var (released, doubted) = await _database.WriteAsync(async session =>
        {
            var free = await session.QueryAsync(ActionSql.Of(session).ReleaseOrphans, r => (Id: r.GetInt64(0), Quota: r.GetInt64(1)), ("now", now));
            var lost = await session.QueryAsync(ActionSql.Of(session).DoubtOrphans, r => (Quota: r.GetInt64(1), Log: new ActionLog
            {
                ActionId = r.GetInt64(0), AccountId = r.GetInt64(2), ProspectId = r.GetInt64(3), Action = r.GetString(4), Attempt = r.GetInt32(5), Status = ActionStatus.Uncertain,
                Error = nameof(ActionEnd.LostSender),
            }), ("now", now));
            await ActionStore.GiveAsync(session, [.. free.Select(f => (f.Quota, false)), .. lost.Select(l => (l.Quota, true))]);
            await ActionStore.LogAsync(session, lost.ConvertAll(l => l.Log), now);
            await _thread.ShowAsync(session, lost.ConvertAll(l => l.Log.ActionId), now);
            if (free.Count + lost.Count > 0) ActionStore.Publish(session, 0);
            return (free.Count, lost.Count);
        }, cancel);
        if (released + doubted > 0) LogTakenOver(released, doubted);
        return released + doubted;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await HoldAsync(stop);
        // Not by whoever executes: a long queue would keep him from looking.
        await TakeOverAsync(now, stop);
        if (now >= _sweepAt)
        {
            _sweepAt = now + (_lease / 4);
            await _hand.SweepAsync(Name, now, stop);
        }
        return Look;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Others need not wait for what an orderly end left in hand; with no time left the lease lapses by itself.
        if (_held is null || cancellationToken.IsCancellationRequested) return;
        try
        {
            await _database.WriteAsync(session => session.Db.Leases.Where(l => l.Name == Name || (l.Name.StartsWith(Prefix) && l.ExpiresAt < Yesterday)).ExecuteDeleteAsync(), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time ended meanwhile.
        }
        _held = null;
    }

    public override void Dispose()
    {
        base.Dispose();
        _renewing.Dispose();
        GC.SuppressFinalize(this);
    }

    private DateTime Yesterday => Clock.GetUtcNow().UtcDateTime.AddDays(-1);

    /// <summary>By both clocks: the lease runs by the database's, business time may stand still in a test.</summary>
    private bool IsFresh => _held is { } held && Clock.GetElapsedTime(held.At) < _lease / 3 && TimeProvider.System.GetElapsedTime(held.SystemAt) < _lease / 3;

    private sealed record Renewal(long At, long SystemAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Took over from a process that is gone: {Released} actions are free again, {Doubted} are uncertain")]
    private partial void LogTakenOver(int released, int doubted);
}
