using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Profiles;

/// <summary>
/// The open conversations of an exclusive profile are with its holder: when it changes hands they follow by the one claim, and both people see why. A
/// sweep over facts and not a message from whoever changed the holder, so that nothing is left behind by a crash in between.
/// </summary>
public sealed class ProfileConversations(Database database, ConversationClaims claims)
{
    /// <summary>At most this many at once: they all want the same two people's rows, so more would only wait.</summary>
    private const int AtOnce = 16;

    /// <summary>Conversations of held exclusive profiles that are with somebody else go to the holder. Returns how many changed hands.</summary>
    public async Task<int> FollowHoldersAsync(DateTime now, CancellationToken cancel = default)
    {
        var moved = 0;
        foreach (var (profile, holder) in await MisplacedAsync(cancel))
        {
            var (claims, room) = await WantedAsync(profile, holder, cancel);
            // A transaction each, conversation first as everywhere; at once, so that on SQLite they share a commit. What there is no room for comes
            // after, in its order, so that whoever waits for an answer is served before it.
            foreach (var chunk in claims.Take(room).Chunk(AtOnce).Concat(claims.Skip(room).Select(c => new[] { c })))
            {
                var done = await Task.WhenAll(chunk.Select(claim => database.WriteAsync(session => FollowAsync(session, claim, now), cancel)));
                moved += done.Count(d => d);
            }
        }
        return moved;
    }

    /// <summary>Profiles whose holder is present and does not have all of its owned conversations.</summary>
    internal async Task<List<(long Profile, long Holder)>> MisplacedAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Profiles
            .Where(p => p.Mode == ProfileMode.Exclusive && p.HolderId != null
                && db.Moderators.Any(m => m.Id == p.HolderId && m.State == Moderators.PresenceState.Online)
                && db.Conversations.Any(c => c.ProfileId == p.Id && c.Status != ConversationStatus.Closed && c.OwnerId != null && c.OwnerId != p.HolderId))
            .OrderBy(p => p.Id).Select(p => new { p.Id, Holder = p.HolderId!.Value }).ToListAsync(cancel);
        return rows.ConvertAll(r => (r.Id, r.Holder));
    }

    /// <summary>What the holder should get, whoever waits longest first, and how many he has room for.</summary>
    private async Task<(List<Claim> Claims, int Room)> WantedAsync(long profile, long holder, CancellationToken cancel)
    {
        await using var db = database.Read();
        var away = await db.Conversations
            .Where(c => c.ProfileId == profile && c.Status != ConversationStatus.Closed && c.OwnerId != null && c.OwnerId != holder)
            .OrderBy(c => c.WaitingSince == null).ThenBy(c => c.WaitingSince).ThenBy(c => c.Id)
            .Select(c => new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion) { Exclusive = true }).ToListAsync(cancel);
        var room = await db.Moderators.Where(m => m.Id == holder).Select(m => m.MaxConversations - m.OpenCount).FirstOrDefaultAsync(cancel);
        return (away.ConvertAll(seen => new Claim(seen, ClaimCause.Rotation, holder, DecisionReason.HolderChanged)), Math.Max(0, room));
    }

    private async Task<bool> FollowAsync(WriteSession session, Claim claim, DateTime now)
    {
        var outcome = await claims.ApplyAsync(session, claim, now);
        // No room: it waits for the holder, since nobody else may have it.
        if (outcome.Result == ClaimResult.AtCapacity) outcome = await ParkAsync(session, claim.Seen, now);
        return outcome.Result == ClaimResult.Done;
    }

    private async Task<ClaimOutcome> ParkAsync(WriteSession session, SeenConversation seen, DateTime now)
    {
        var outcome = await claims.ApplyAsync(session, new Claim(seen, ClaimCause.Rotation, null, DecisionReason.HolderFull), now);
        if (outcome.Result == ClaimResult.Done) await ReplyStore.ParkUnansweredAsync(session, seen, DecisionReason.HolderFull, now);
        return outcome;
    }
}
