using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Moderators;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.People;

/// <summary>
/// People and what they may do. Every change is one transaction through the write queue, so a moderator never exists without a user;
/// Identity's own manager is used only where its rules matter (password checks, tokens), in a scope of its own.
/// </summary>
public sealed partial class PeopleService(Database database, IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <param name="actorId">The admin; null: an integration, or nobody is there yet.</param>
    public Task<PersonCreated> CreateAsync(NewPerson person, long? actorId = null, CancellationToken cancel = default) => CreateAsync(person, null, actorId, cancel);

    /// <param name="guard">Runs first in the same transaction; 0 rows: nothing is created and the outcome is <see cref="PersonOutcome.NotFound"/>.</param>
    internal async Task<PersonCreated> CreateAsync(NewPerson person, Func<WriteSession, Task<int>>? guard, long? actorId, CancellationToken cancel)
    {
        if (PersonRules.Check(person) is var wrong and not PersonOutcome.Done) return new(wrong, 0, null);
        AppUser user;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            user = NewUser(person, users);
            if (person.Password is { } password)
            {
                if (!await IsAcceptableAsync(users, user, password)) return new(PersonOutcome.WeakPassword, 0, null);
                user.PasswordHash = users.PasswordHasher.HashPassword(user, password);
            }
        }
        try
        {
            var added = await database.WriteAsync(
                async session => (guard is null || await guard(session) > 0) && await AddAsync(session, user, person, actorId), cancel);
            if (!added) return new(PersonOutcome.NotFound, 0, null);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new(PersonOutcome.DuplicateEmail, 0, null);
        }
        return new(PersonOutcome.Done, user.Id, person.Password is null ? await PasswordTokenAsync(user.Id) : null);
    }

    /// <summary>For the API: a moderator who chooses a password through the one-time link.</summary>
    public Task<PersonCreated> CreateModeratorAsync(
        string name, string email, int maxConversations, int priority, CancellationToken cancel = default) =>
        CreateAsync(new NewPerson(name, email, [Roles.Moderator], MaxConversations: maxConversations, Priority: priority), cancel: cancel);

    /// <summary>Ends every session of the person within half a minute and takes a moderator out of dispatching at once.</summary>
    public Task<PersonOutcome> DisableAsync(long id, long? actorId = null, CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        await QueueBehindOtherAdminChangesAsync(session);
        if (await IsLastAdminAsync(session, id)) return PersonOutcome.LastAdmin;
        return await SetDisabledAsync(session, id, true, actorId);
    }, cancel);

    public Task<PersonOutcome> EnableAsync(long id, long? actorId = null, CancellationToken cancel = default) =>
        database.WriteAsync(session => SetDisabledAsync(session, id, false, actorId), cancel);

    /// <summary>Replaces the roles. The person has to sign in again; whoever stops being a moderator keeps the row (conversations refer to it).</summary>
    public async Task<PersonOutcome> SetRolesAsync(long id, IReadOnlyCollection<string> roles, long? actorId = null, CancellationToken cancel = default)
    {
        if (PersonRules.CheckRoles(roles) is var wrong and not PersonOutcome.Done) return wrong;
        return await database.WriteAsync(async session =>
        {
            await QueueBehindOtherAdminChangesAsync(session);
            if (!roles.Contains(Roles.Admin, StringComparer.Ordinal) && await IsLastAdminAsync(session, id)) return PersonOutcome.LastAdmin;
            var user = await session.Db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == id);
            if (user is null) return PersonOutcome.NotFound;
            var before = await session.Db.UserRoles.Where(r => r.UserId == id).Select(r => session.Db.Roles.Where(x => x.Id == r.RoleId).Select(x => x.Name!).First()).ToListAsync();
            await AuditAsync(session, AuditKind.PersonRolesChanged, id, user.DisplayName, actorId, Words(before), Words(roles));
            await session.Db.UserRoles.Where(r => r.UserId == id).ExecuteDeleteAsync();
            await AddRolesAsync(session.Db, id, roles);
            await session.Db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(u => u.SetProperty(x => x.SecurityStamp, NewStamp()));
            await SetModeratorAsync(session, user, roles.Contains(Roles.Moderator, StringComparer.Ordinal));
            return PersonOutcome.Done;
        }, cancel);
    }

    public async Task<PersonOutcome> RenameAsync(long id, string name, long? actorId = null, CancellationToken cancel = default)
    {
        if (PersonRules.CheckName(name) is var wrong and not PersonOutcome.Done) return wrong;
        var clean = name.Trim();
        return await database.WriteAsync(async session =>
        {
            var before = await session.Db.Users.Where(u => u.Id == id).Select(u => u.DisplayName).FirstOrDefaultAsync();
            var rows = await session.Db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(u => u.SetProperty(x => x.DisplayName, clean));
            if (rows == 0) return PersonOutcome.NotFound;
            if (before != clean) await AuditAsync(session, AuditKind.PersonRenamed, id, clean, actorId, before, clean);
            await session.Db.Moderators.Where(m => m.Id == id).ExecuteUpdateAsync(m => m.SetProperty(x => x.Name, clean));
            session.Publish(Topics.Board, EventNames.PresenceChanged, id);
            return PersonOutcome.Done;
        }, cancel);
    }

    /// <summary>A capacity below what the person holds now takes nothing away; it only stops new work.</summary>
    public async Task<PersonOutcome> SetCapacityAsync(long id, int maxConversations, int priority, long? actorId = null, CancellationToken cancel = default)
    {
        if (PersonRules.CheckCapacity(maxConversations, priority) is var wrong and not PersonOutcome.Done) return wrong;
        return await database.WriteAsync(async session =>
        {
            var before = await session.Db.Moderators.Where(m => m.Id == id).Select(m => new { m.Name, m.MaxConversations, m.Priority }).FirstOrDefaultAsync();
            var rows = await session.Db.Moderators.Where(m => m.Id == id).ExecuteUpdateAsync(m => m
                .SetProperty(x => x.MaxConversations, maxConversations).SetProperty(x => x.Priority, priority));
            if (rows == 0 || before is null) return PersonOutcome.NotFound;
            if (before.MaxConversations != maxConversations || before.Priority != priority)
            {
                await AuditAsync(session, AuditKind.PersonCapacityChanged, id, before.Name, actorId,
                    string.Create(CultureInfo.InvariantCulture, $"{before.MaxConversations}, {before.Priority}"), string.Create(CultureInfo.InvariantCulture, $"{maxConversations}, {priority}"));
            }
            await session.Db.ModeratorTurns.Where(q => q.ModeratorId == id).ExecuteUpdateAsync(q => q.SetProperty(x => x.Priority, priority));
            session.Publish(Topics.Queue, EventNames.QueuePositionChanged, id);
            session.Publish(Topics.Board, EventNames.PresenceChanged, id);
            return PersonOutcome.Done;
        }, cancel);
    }

    private Task AuditAsync(WriteSession session, AuditKind kind, long id, string name, long? actorId, string? before, string? after) => AuditLog.AddAsync(session, new AuditEntry
    {
        At = clock.GetUtcNow().UtcDateTime, ActorId = actorId, Kind = kind, Subject = AuditSubject.Person, SubjectId = id, Name = name, Before = before, After = after,
    });

    private static string Words(IEnumerable<string> roles) => string.Join(", ", roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private AppUser NewUser(NewPerson person, UserManager<AppUser> users)
    {
        var email = person.Email.Trim();
        return new AppUser
        {
            DisplayName = person.Name.Trim(),
            UserName = email,
            NormalizedUserName = users.NormalizeName(email),
            Email = email,
            NormalizedEmail = users.NormalizeEmail(email),
            EmailConfirmed = true,
            LockoutEnabled = true,
            SecurityStamp = NewStamp(),
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        };
    }

    internal static string NewStamp() => Guid.NewGuid().ToString("N");
}
