using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.People;

public sealed partial class PeopleService
{
    public const int MaxPageSize = 200;

    /// <param name="page">From 1.</param>
    /// <param name="pageSize">1 to <see cref="MaxPageSize"/>.</param>
    public async Task<PeopleList> ListAsync(PeopleFilter filter, int page, int pageSize, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var query = Filtered(db, filter);
        var total = await query.CountAsync(cancel);
        var size = Math.Clamp(pageSize, 1, MaxPageSize);
        var users = await query.OrderBy(u => u.DisplayName).ThenBy(u => u.Id).Skip((Math.Max(page, 1) - 1) * size).Take(size).ToListAsync(cancel);
        return new PeopleList(await RowsAsync(db, users, cancel), total);
    }

    public async Task<PersonRow?> FindAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var users = await db.Users.Where(u => u.Id == id).ToListAsync(cancel);
        return (await RowsAsync(db, users, cancel)).SingleOrDefault();
    }

    public async Task<bool> AnyAdminAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.UserRoles.AnyAsync(r => db.Roles.Any(x => x.Id == r.RoleId && x.Name == Roles.Admin), cancel);
    }

    private static IQueryable<AppUser> Filtered(DispatchDb db, PeopleFilter filter)
    {
        var query = db.Users.AsQueryable();
        if (filter.Search?.Trim() is { Length: > 0 } search)
        {
            var upper = search.ToUpperInvariant();
#pragma warning disable CA1304, CA1311, MA0011 // translated to SQL UPPER, which knows no culture
            query = query.Where(u => u.NormalizedEmail!.Contains(upper) || u.DisplayName.ToUpper().Contains(upper) || u.DisplayName.Contains(search));
#pragma warning restore CA1304, CA1311, MA0011
        }
        if (filter.Disabled is { } disabled) query = query.Where(u => u.Disabled == disabled);
        if (filter.Role is { } role)
            query = query.Where(u => db.UserRoles.Any(r => r.UserId == u.Id && db.Roles.Any(x => x.Id == r.RoleId && x.Name == role)));
        return query;
    }

    private static async Task<List<PersonRow>> RowsAsync(DispatchDb db, List<AppUser> users, CancellationToken cancel)
    {
        var ids = users.ConvertAll(u => u.Id);
        var roles = await db.UserRoles.Where(r => ids.Contains(r.UserId))
            .Join(db.Roles, r => r.RoleId, x => x.Id, (r, x) => new { r.UserId, x.Name }).ToListAsync(cancel);
        var moderators = await db.Moderators.Where(m => ids.Contains(m.Id)).ToDictionaryAsync(m => m.Id, cancel);
        var rolesOf = roles.ToLookup(r => r.UserId, r => r.Name!);
        return users.ConvertAll(u =>
        {
            var moderator = moderators.GetValueOrDefault(u.Id);
            return new PersonRow(
                u.Id, u.DisplayName, u.Email ?? "", [.. Roles.All.Where(r => rolesOf[u.Id].Contains(r, StringComparer.Ordinal))],
                u.Disabled, u.TwoFactorEnabled, u.PasswordHash is not null, u.LockoutEnd?.UtcDateTime,
                moderator?.MaxConversations, moderator?.Priority, moderator?.OpenCount, u.CreatedAt);
        });
    }
}
