using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Messages nobody could be given yet (seed 000). Retrieval is by claim: the rows carry a token and an expiry, so two callers never
/// work on the same message and a caller that dies gives it back by doing nothing.
/// </summary>
public sealed class PendingMessageService
{
    /// <summary>How long a retrieved message is reserved for who retrieved it.</summary>
    public static readonly TimeSpan ClaimFor = TimeSpan.FromSeconds(12);

    public Task StoreAsync(
        WriteSession session, IReadOnlyCollection<(long Conversation, long Profile, long Message)> messages, DecisionReason reason, DateTime now)
    {
        // Whoever hands out what waits is told: there may be room for it.
        session.AfterCommit(Waiting);
        return InboundStore.ParkAsync(session, messages, reason, now);
    }

    /// <summary>Raised after messages were parked; the drain listens.</summary>
    public event Action? Parked;

    /// <summary>Reserves the oldest free messages of these profiles and returns them, oldest first.</summary>
    public async Task<IReadOnlyList<PendingMessage>> ClaimAsync(
        WriteSession session, IReadOnlyCollection<long> profiles, int limit, string token, DateTime now)
    {
        var oldest = await session.Db.PendingMessages.AsNoTracking()
            .Where(p => profiles.Contains(p.ProfileId) && (p.ClaimedUntil == null || p.ClaimedUntil < now))
            .OrderBy(p => p.ReceivedAt).ThenBy(p => p.Id).Take(limit).Select(p => p.Id).ToListAsync();
        if (oldest.Count == 0) return [];
        // The guard is here, not in the read above: of two claimers only one changes a row.
        await session.Db.PendingMessages
            .Where(p => oldest.Contains(p.Id) && (p.ClaimedUntil == null || p.ClaimedUntil < now))
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.ClaimToken, token).SetProperty(p => p.ClaimedUntil, now + ClaimFor));
        return await session.Db.PendingMessages.AsNoTracking().Where(p => oldest.Contains(p.Id) && p.ClaimToken == token)
            .OrderBy(p => p.ReceivedAt).ThenBy(p => p.Id).ToListAsync();
    }

    /// <summary>Gives back whatever is still reserved under the token.</summary>
    public static Task ReleaseAsync(WriteSession session, string token) =>
        session.Db.PendingMessages.Where(p => p.ClaimToken == token)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.ClaimToken, (string?)null).SetProperty(p => p.ClaimedUntil, (DateTime?)null));

    /// <summary>The reason of today for a conversation that still waits.</summary>
    public static Task ExplainAsync(WriteSession session, long conversationId, DecisionReason reason) =>
        session.Db.PendingMessages.Where(p => p.ConversationId == conversationId && p.Reason != reason)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.Reason, reason));

    private void Waiting() => Parked?.Invoke();
}
