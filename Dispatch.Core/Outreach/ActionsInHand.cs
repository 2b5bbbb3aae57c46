using System.Collections.Concurrent;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Outreach;

/// <summary>
/// What this process knows it has in hand. A row that names this process although nothing here works on it (the answer of a commit was lost, the database was away when it should have
/// been recorded) would wait for ever: its owner lives. Such a stray is let go when it was seen twice, which is seconds after any claim came back.
/// </summary>
internal sealed partial class ActionsInHand(Database database, ActionThread thread, ILogger<ActionsInHand> logger)
{
    private readonly ConcurrentDictionary<(long Id, long Epoch), Hand> _hand = new();
    private HashSet<(long Id, long Epoch)> _unknown = [];

    /// <summary>One taking in hand. A claim that was undone leaves its number to the next one: only who took it this time may say that it was never called.</summary>
    public sealed class Hand
    {
        internal static readonly Hand NeverCalled = new();
    }

    public Hand Take(IEnumerable<ClaimedAction> actions)
    {
        var hand = new Hand();
        foreach (var action in actions) _hand[(action.Id, action.Epoch)] = hand;
        return hand;
    }

    /// <summary>The transaction that this was taken in failed, or its answer was lost: where it was committed after all, the gateway was never called.</summary>
    public void GiveUp(Hand hand, IEnumerable<ClaimedAction> actions)
    {
        foreach (var action in actions) _hand.TryUpdate((action.Id, action.Epoch), Hand.NeverCalled, hand);
    }

    /// <summary>The transaction that this was taken in was undone for sure.</summary>
    public void Undo(Hand hand, IEnumerable<ClaimedAction> actions)
    {
        foreach (var action in actions) _hand.TryRemove(new KeyValuePair<(long, long), Hand>((action.Id, action.Epoch), hand));
    }

    public void Drop(IEnumerable<ClaimedAction> actions)
    {
        foreach (var action in actions) _hand.TryRemove((action.Id, action.Epoch), out _);
    }

    /// <summary>The gateway was never called for them, whatever their rows say: they may be tried again.</summary>
    public void GiveUp(IEnumerable<ClaimedAction> actions)
    {
        foreach (var action in actions) _hand[(action.Id, action.Epoch)] = Hand.NeverCalled;
    }

    /// <summary>Lets strays go; returns how many. Each is taken from its row as it was seen, so a sender that is there after all is refused at its start.</summary>
    public async Task<int> SweepAsync(string owner, DateTime now, CancellationToken cancel)
    {
        List<Stray> rows;
        await using (var db = database.Read())
        {
            rows = await db.OutreachActions.Where(a => a.LeaseOwner == owner && (a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending))
                .Select(a => new Stray(a.Id, a.Epoch, a.Status, a.QuotaId!.Value, a.AccountId, a.ProspectId, a.Kind, a.Attempts)).ToListAsync(cancel);
        }
        var (unknown, strays) = (new HashSet<(long, long)>(), new List<(Stray Row, bool NeverCalled)>());
        foreach (var row in rows)
        {
            if (_hand.TryGetValue(row.Key, out var hand))
            {
                if (hand == Hand.NeverCalled) strays.Add((row, true));
            }
            else if (_unknown.Contains(row.Key)) strays.Add((row, false));
            else unknown.Add(row.Key);
        }
        _unknown = unknown;
        foreach (var (row, neverCalled) in strays)
        {
            await database.WriteAsync(session => LetGoAsync(session, row, neverCalled || row.Status == ActionStatus.Claimed, owner, now), cancel);
            LogStray(row.Id, row.Status);
        }
        foreach (var (key, hand) in _hand)
        {
            // Read before what was given up meanwhile: such a row is seen by the next sweep.
            if (hand == Hand.NeverCalled && (strays.Exists(s => s.Row.Key == key) || rows.TrueForAll(r => r.Key != key))) _hand.TryRemove(new KeyValuePair<(long, long), Hand>(key, hand));
        }
        return strays.Count;
    }

    private async Task LetGoAsync(WriteSession session, Stray row, bool free, string owner, DateTime now)
    {
        var mine = session.Db.OutreachActions.Where(a => a.Id == row.Id && a.Epoch == row.Epoch && a.Status == row.Status && a.LeaseOwner == owner);
        var changed = free
            ? await mine.ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ActionStatus.Pending).SetProperty(a => a.LeaseOwner, (string?)null).SetProperty(a => a.QuotaId, (long?)null)
                .SetProperty(a => a.Epoch, a => a.Epoch + 1).SetProperty(a => a.Attempts, a => a.Attempts - 1))
            : await mine.ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ActionStatus.Uncertain).SetProperty(a => a.Error, nameof(ActionEnd.LostSender))
                .SetProperty(a => a.ErrorClass, ErrorClass.Unknown).SetProperty(a => a.FinishedAt, now));
        if (changed == 0) return;
        await ActionStore.GiveAsync(session, [(row.QuotaId, !free)]);
        if (!free)
        {
            await ActionStore.LogAsync(session,
            [
                new ActionLog
                {
                    ActionId = row.Id, AccountId = row.AccountId, ProspectId = row.ProspectId, Action = row.Kind, Attempt = row.Attempts, Status = ActionStatus.Uncertain,
                    Error = nameof(ActionEnd.LostSender),
                },
            ], now);
            await thread.ShowAsync(session, [row.Id], now);
        }
        ActionStore.Publish(session, row.AccountId);
    }

    private sealed record Stray(long Id, long Epoch, ActionStatus Status, long QuotaId, long AccountId, long ProspectId, string Kind, int Attempts)
    {
        public (long Id, long Epoch) Key => (Id, Epoch);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Action {ActionId} was {Status} by this process although nothing worked on it any more; it was let go")]
    private partial void LogStray(long actionId, ActionStatus status);
}
