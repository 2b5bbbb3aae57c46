using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Moderators;

public sealed record ModeratorRecord(
    long Id, string Name, string? Email, bool Enabled, PresenceState State, DateTime StateSince, PresenceState Choice, int OpenConversations,
    int MaxConversations, int Priority, DateTime? LastAssignedAt);

/// <summary>Moderators as programs read them (the API).</summary>
public sealed class ModeratorLookup(Database database)
{
    /// <summary>By id, which is the order in which they were made.</summary>
    public async Task<(IReadOnlyList<ModeratorRecord> Items, int Total)> ListAsync(
        int skip, int take, PresenceState? state = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var people = db.Moderators.Where(m => state == null || m.State == state);
        return (await Records(db, people.OrderBy(m => m.Id).Skip(skip).Take(take)).ToListAsync(cancel), await people.CountAsync(cancel));
    }

    /// <summary>Null: no such moderator.</summary>
    public async Task<ModeratorRecord?> FindAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Records(db, db.Moderators.Where(m => m.Id == id)).FirstOrDefaultAsync(cancel);
    }

    private static IQueryable<ModeratorRecord> Records(DispatchDb db, IQueryable<Moderator> people) => people.Select(m => new ModeratorRecord(
        m.Id, m.Name, db.Users.Where(u => u.Id == m.Id).Select(u => u.Email).FirstOrDefault(), m.Enabled, m.State, m.StateSince, m.Choice, m.OpenCount,
        m.MaxConversations, m.Priority, m.LastAssignedAt));
}
