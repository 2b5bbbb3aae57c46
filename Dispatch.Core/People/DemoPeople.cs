using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.People;

/// <summary>The team a newcomer finds in the demo. Nobody here has a password: the sign-in page lets them in by a button, and only in the demo.</summary>
public static class DemoPeople
{
    private const string Domain = "demo.dispatch.test";

    public static readonly IReadOnlyList<NewPerson> All =
    [
        New("Awa Diop", Roles.Moderator),
        New("Moussa Ndiaye", Roles.Moderator),
        New("Fatou Sarr", Roles.Moderator),
        New("Ibrahima Ba", Roles.Moderator),
        New("Mariama Traoré", Roles.Moderator),
        New("Julien Mercier", Roles.Moderator),
        New("Aminata Cissé", Roles.Admin),
        New("Cheikh Fall", Roles.Ops),
    ];

    /// <summary>Creates who is missing. A demo that was changed by its user stays as changed.</summary>
    public static async Task EnsureAsync(Database database, PeopleService people, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var known = await db.Users.Where(u => u.Email!.EndsWith("@" + Domain)).Select(u => u.Email).ToListAsync(cancel);
        foreach (var person in All.Where(p => !known.Contains(p.Email, StringComparer.Ordinal))) await people.CreateAsync(person, cancel: cancel);
    }

    private static NewPerson New(string name, string role) => new(name, Email(name), [role]);

    private static string Email(string name) =>
        name.ToLowerInvariant().Replace('é', 'e').Replace(' ', '.') + "@" + Domain;
}
