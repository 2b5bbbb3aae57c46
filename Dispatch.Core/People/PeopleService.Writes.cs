using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.People;

/// <summary>The steps that the operations share; each runs inside somebody's transaction.</summary>
public sealed partial class PeopleService
{
    private async Task<bool> AddAsync(WriteSession session, AppUser user, NewPerson person, long? actorId)
    {
        // A transaction that lost a deadlock is done again: the id of the lost attempt must not be inserted.
        user.Id = 0;
        session.Db.Users.Add(user);
        await session.Db.SaveChangesAsync();
        await AddRolesAsync(session.Db, user.Id, person.Roles);
        await AuditAsync(session, AuditKind.PersonAdded, user.Id, user.DisplayName, actorId, null, Words(person.Roles));
        if (person.Roles.Contains(Roles.Moderator, StringComparer.Ordinal))
            await AddModeratorAsync(session, user, person.MaxConversations, person.Priority);
        return true;
    }

    private static async Task AddRolesAsync(DispatchDb db, long id, IReadOnlyCollection<string> roles)
    {
        var ids = await db.Roles.AsNoTracking().ToDictionaryAsync(r => r.Name!, r => r.Id, StringComparer.Ordinal);
        foreach (var role in roles.Distinct(StringComparer.Ordinal))
        {
            db.UserRoles.Add(new IdentityUserRole<long> { UserId = id, RoleId = ids[role] });
        }
        await db.SaveChangesAsync();
    }

    private async Task AddModeratorAsync(WriteSession session, AppUser user, int maxConversations, int priority)
    {
        session.Db.Moderators.Add(new Moderator
        {
            Id = user.Id,
            Name = user.DisplayName,
            Enabled = !user.Disabled,
            StateSince = clock.GetUtcNow().UtcDateTime,
            MaxConversations = maxConversations,
            Priority = priority,
        });
        await session.Db.SaveChangesAsync();
        session.Publish(Topics.Board, EventNames.PresenceChanged, user.Id);
    }

    private async Task SetModeratorAsync(WriteSession session, AppUser user, bool isModerator)
    {
        var enabled = isModerator && !user.Disabled;
        var rows = await session.Db.Moderators.Where(m => m.Id == user.Id).ExecuteUpdateAsync(m => m.SetProperty(x => x.Enabled, enabled));
        if (rows == 0 && isModerator) await AddModeratorAsync(session, user, PersonRules.DefaultCapacity, 0);
        PublishModerator(session, user.Id);
    }

    private async Task<PersonOutcome> SetDisabledAsync(WriteSession session, long id, bool disabled, long? actorId)
    {
        var rows = await session.Db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(u => u
            .SetProperty(x => x.Disabled, disabled).SetProperty(x => x.SecurityStamp, NewStamp()));
        if (rows == 0) return PersonOutcome.NotFound;
        var name = await session.Db.Users.Where(u => u.Id == id).Select(u => u.DisplayName).FirstAsync();
        await AuditAsync(session, disabled ? AuditKind.PersonDisabled : AuditKind.PersonEnabled, id, name, actorId, null, null);
        // An enabled person who is no moderator any more must not come back into dispatching.
        var isModerator = await session.Db.UserRoles.AnyAsync(r =>
            r.UserId == id && session.Db.Roles.Any(x => x.Id == r.RoleId && x.Name == Roles.Moderator));
        var enabled = !disabled && isModerator;
        await session.Db.Moderators.Where(m => m.Id == id).ExecuteUpdateAsync(m => m.SetProperty(x => x.Enabled, enabled));
        PublishModerator(session, id);
        return PersonOutcome.Done;
    }

    private static void PublishModerator(WriteSession session, long id)
    {
        session.Publish(Topics.Moderator(id), EventNames.PresenceChanged, id);
        session.Publish(Topics.Queue, EventNames.QueuePositionChanged, id);
        session.Publish(Topics.Board, EventNames.PresenceChanged, id);
    }

    /// <summary>Two admins who remove each other at the same moment would both still see two: the Admin role's row is the lock they queue at.</summary>
    private static Task QueueBehindOtherAdminChangesAsync(WriteSession session) =>
        session.Db.Roles.Where(r => r.Name == Roles.Admin).ExecuteUpdateAsync(r => r.SetProperty(x => x.ConcurrencyStamp, NewStamp()));

    private static async Task<bool> IsLastAdminAsync(WriteSession session, long id)
    {
        var admins = session.Db.UserRoles.Where(r => session.Db.Roles.Any(x => x.Id == r.RoleId && x.Name == Roles.Admin));
        return await admins.AnyAsync(r => r.UserId == id)
            && !await admins.AnyAsync(r => r.UserId != id && session.Db.Users.Any(u => u.Id == r.UserId && !u.Disabled));
    }
}
