using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Hands parked conversations out, the longest waiting first, when someone connects or frees up, and once a second because pacing ends by
/// the clock alone. Stops looking as soon as nobody has room, so a long line costs nothing while everyone is busy.
/// </summary>
public sealed class PendingDrain : HostedLoop
{
    private const int MessagesPerPass = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Database _database;
    private readonly PendingMessageService _pending;
    private readonly ConversationClaims _claims;
    private readonly ConversationOptions _options;

    public PendingDrain(
        Database database, PendingMessageService pending, ConversationClaims claims, IOptions<ConversationOptions> options, TimeProvider clock,
        ILogger<PendingDrain> logger)
        : base(clock, logger)
    {
        _database = database;
        _pending = pending;
        _claims = claims;
        _options = options.Value;
        pending.Parked += Wake;
    }

    /// <summary>Hands out everything that can be handed out at <paramref name="now"/>; returns how many conversations found somebody.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var token = Guid.NewGuid().ToString("N");
        var total = 0;
        var kept = false;
        for (;;)
        {
            await using (var db = _database.Read())
            {
                if (!await db.PendingMessages.AnyAsync(cancel)) break;
            }
            var claimed = await _database.WriteAsync(session => ClaimAsync(session, token, now), cancel);
            if (claimed.Count == 0) break;
            foreach (var messages in claimed.GroupBy(p => p.ConversationId))
            {
                // A transaction each, the conversation first: holding the line's rows or somebody's seat while asking for the next
                // conversation deadlocks with whoever takes that one by hand.
                if (await _database.WriteAsync(session => PlaceAsync(session, [.. messages], now), cancel)) total++;
                else kept = true;
            }
        }
        // Kept to the end, so that one nobody can be given (its giver is the only one here) does not hide those behind it.
        if (kept) await _database.WriteAsync(session => PendingMessageService.ReleaseAsync(session, token), CancellationToken.None);
        return total;
    }

    private async Task<IReadOnlyList<PendingMessage>> ClaimAsync(WriteSession session, string token, DateTime now)
    {
        var board = await new Placement(session, _claims, _options, now).BoardAsync();
        // Not from pending_messages: a DISTINCT over it would grow with the line.
        var profiles = (await session.Db.Profiles.Select(p => new { p.Id, p.Priority }).ToListAsync()).Where(p => board.HasRoom(p.Id));
        // Whoever waits longest within the highest priority.
        foreach (var same in profiles.GroupBy(p => p.Priority).OrderByDescending(g => g.Key))
        {
            var claimed = await _pending.ClaimAsync(session, [.. same.Select(p => p.Id)], MessagesPerPass, token, now);
            if (claimed.Count > 0) return claimed;
        }
        return [];
    }

    private async Task<bool> PlaceAsync(WriteSession session, IReadOnlyList<PendingMessage> messages, DateTime now)
    {
        var conversation = await session.Db.Conversations.AsNoTracking().FirstAsync(c => c.Id == messages[0].ConversationId);
        // Somebody took it by hand since; its rows are gone with that.
        if (conversation.Status != ConversationStatus.Pending) return false;
        var seen = new SeenConversation(conversation.Id, conversation.ProfileId, conversation.Status, conversation.OwnerId, conversation.OwnerVersion);
        // Given back by a person: not to the same one again. He can still take it from the list.
        var givenBack = messages[0].Reason == DecisionReason.Manual;
        var (decision, outcome) = await new Placement(session, _claims, _options, now)
            .PlaceAsync(seen, ClaimCause.Drain, null, onlineOnly: true, excludeId: givenBack ? conversation.LastOwnerId : null);
        if (outcome is { Succeeded: true }) return true;
        if (!givenBack) await PendingMessageService.ExplainAsync(session, seen.Id, decision.Reason);
        return false;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    public override void Dispose()
    {
        _pending.Parked -= Wake;
        base.Dispose();
    }
}
