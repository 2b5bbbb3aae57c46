using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>Who has what.</summary>
public sealed partial class ConversationQueries
{
    private const int MaxOnBoard = 2000;

    /// <summary>Every moderator who is enabled or still has something, present ones first, with their conversations.</summary>
    public async Task<IReadOnlyList<BoardCard>> BoardAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var people = await db.Moderators.Where(m => m.Enabled || m.OpenCount > 0).OrderBy(m => m.Name).ThenBy(m => m.Id)
            .Select(m => new BoardCard(m.Id, m.Name, m.Enabled, m.State, m.StateSince, m.OpenCount, m.MaxConversations, new List<ConversationRow>()))
            .ToListAsync(cancel);
        // ix_conversations_owner_id holds owned ones only.
        var owned = await Rows(db, db.Conversations.Where(c => c.OwnerId != null)
            .OrderBy(c => c.OwnerId).ThenByDescending(c => c.LastMessageAt).ThenByDescending(c => c.Id).Take(MaxOnBoard)).ToListAsync(cancel);
        var byOwner = owned.ToLookup(c => c.OwnerId);
        return [.. people.Select(p => p with
            {
                Conversations = [.. byOwner[p.Id].OrderBy(c => c.WaitingSince is null).ThenBy(c => c.WaitingSince).ThenByDescending(c => c.LastMessageAt)],
            })
            .OrderByDescending(p => p.State)];
    }

    /// <summary>Who a conversation could be given to: whoever can take it first, then by presence and name.</summary>
    /// <param name="exceptId">Who has it now.</param>
    public async Task<IReadOnlyList<Colleague>> ColleaguesAsync(long profileId, long? exceptId, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var restricted = await db.Profiles.AnyAsync(p => p.Id == profileId && p.Restricted, cancel);
        var people = await db.Moderators.Where(m => m.Enabled && m.Id != exceptId)
            .Select(m => new Colleague(
                m.Id, m.Name, m.State, m.StateSince, m.OpenCount, m.MaxConversations,
                !restricted || db.ProfileModerators.Any(p => p.ProfileId == profileId && p.ModeratorId == m.Id)))
            .ToListAsync(cancel);
        return [.. people.OrderByDescending(p => p.CanTake).ThenByDescending(p => p.State).ThenBy(p => p.OpenCount)
            .ThenBy(p => p.Name, StringComparer.CurrentCulture)];
    }

    public async Task<IReadOnlyList<NamedId>> ModeratorsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Moderators.OrderBy(m => m.Name).ThenBy(m => m.Id).Select(m => new NamedId(m.Id, m.Name)).ToListAsync(cancel);
    }
}
