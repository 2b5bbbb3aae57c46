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
    /// <summary>Conversations of held exclusive profiles that are with somebody else go to the holder. Returns how many changed hands.</summary>
    public async Task<int> FollowHoldersAsync(DateTime now, CancellationToken cancel = default)
    {
        var moved = 0;
        foreach (var (profile, holder) in await MisplacedAsync(cancel))
        {
            var (done, left) = await database.WriteAsync(session => FollowAllAsync(session, profile, holder, now), cancel);
            moved += done;
            // A transaction each: whoever holds one conversation's row and asks for the next deadlocks with whoever goes the other way.
            foreach (var claim in left)
            {
                if (await database.WriteAsync(session => FollowOneAsync(session, claim, now), cancel)) moved++;
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

    private async Task<(int Done, IReadOnlyList<Claim> Left)> FollowAllAsync(WriteSession session, long profile, long holder, DateTime now)
    {
        var away = await session.Db.Conversations.AsNoTracking()
            .Where(c => c.ProfileId == profile && c.Status != ConversationStatus.Closed && c.OwnerId != null && c.OwnerId != holder)
            // Whoever waits longest first: if the holder has not room for all, they are the ones he gets.
            .OrderBy(c => c.WaitingSince == null).ThenBy(c => c.WaitingSince).ThenBy(c => c.Id)
            .Select(c => new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion)).ToListAsync();
        var wanted = away.ConvertAll(seen => new Claim(seen, ClaimCause.Rotation, holder, DecisionReason.HolderChanged));
        return await claims.ApplyAllAsync(session, wanted, now) ? (wanted.Count, []) : (0, wanted);
    }

    private async Task<bool> FollowOneAsync(WriteSession session, Claim claim, DateTime now)
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
