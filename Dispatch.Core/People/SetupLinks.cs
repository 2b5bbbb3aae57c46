using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dispatch.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.People;

/// <summary>
/// The way in to a fresh installation: a link that makes the first admin, once. There is no default password that somebody could forget to change.
/// </summary>
public sealed class SetupLinks(Database database, PeopleService people, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    private const int TokenBytes = 32;

    /// <summary>Seeds the roles; safe to run on every start.</summary>
    public Task EnsureRolesAsync(CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        var known = await session.Db.Roles.AsNoTracking().Select(r => r.Name).ToListAsync();
        foreach (var role in Roles.All.Except(known, StringComparer.Ordinal))
        {
            session.Db.Roles.Add(new IdentityRole<long>(role!) { NormalizedName = role!.ToUpperInvariant() });
        }
        await session.Db.SaveChangesAsync();
    }, cancel);

    /// <summary>A new token when nobody administers Dispatch yet, else null. Unused earlier links stop working.</summary>
    public async Task<string?> IssueAsync(CancellationToken cancel = default)
    {
        if (await people.AnyAdminAsync(cancel)) return null;
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var now = clock.GetUtcNow().UtcDateTime;
        await database.WriteAsync(async session =>
        {
            await session.Db.SetupLinks.Where(l => l.UsedAt == null).ExecuteDeleteAsync();
            session.Db.SetupLinks.Add(new SetupLink { TokenHash = Hash(token), CreatedAt = now, ExpiresAt = now + Lifetime });
            await session.Db.SaveChangesAsync();
        }, cancel);
        return token;
    }

    public async Task<bool> IsOpenAsync(string token, CancellationToken cancel = default)
    {
        var hash = Hash(token);
        var now = clock.GetUtcNow().UtcDateTime;
        await using var db = database.Read();
        return await db.SetupLinks.AnyAsync(l => l.TokenHash == hash && l.UsedAt == null && l.ExpiresAt > now, cancel);
    }

    /// <summary>
    /// Spends the link and creates the admin. The guarded update decides who spends it when two browsers press the button together;
    /// <see cref="PersonOutcome.NotFound"/> is the answer to the other one, and to a link that is used, replaced or too old.
    /// </summary>
    public async Task<PersonCreated> UseAsync(string token, string name, string email, string password, CancellationToken cancel = default)
    {
        var person = new NewPerson(name, email, [Roles.Admin], password);
        if (PersonRules.Check(person) is var wrong and not PersonOutcome.Done) return new(wrong, 0, null);
        var hash = Hash(token);
        var now = clock.GetUtcNow().UtcDateTime;
        return await people.CreateAsync(person, session => session.Db.SetupLinks
            .Where(l => l.TokenHash == hash && l.UsedAt == null && l.ExpiresAt > now)
            .ExecuteUpdateAsync(l => l.SetProperty(x => x.UsedAt, (DateTime?)now)), null, cancel);
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
