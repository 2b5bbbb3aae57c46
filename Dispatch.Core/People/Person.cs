namespace Dispatch.Core.People;

public enum PersonOutcome
{
    Done,

    /// <summary>Somebody already signs in with this email address.</summary>
    DuplicateEmail,

    /// <summary>Empty, or longer than 120 characters.</summary>
    BadName,

    /// <summary>Not an address, or longer than 256 characters.</summary>
    BadEmail,

    /// <summary>Too short or too simple; the limits are in <see cref="PeopleServices"/>.</summary>
    WeakPassword,

    /// <summary>No role, or one that does not exist.</summary>
    BadRole,

    /// <summary>Outside <see cref="PersonRules.MinCapacity"/> to <see cref="PersonRules.MaxCapacity"/>.</summary>
    BadCapacity,

    /// <summary>Outside plus or minus <see cref="PersonRules.MaxPriority"/>.</summary>
    BadPriority,

    NotFound,

    /// <summary>Refused: afterwards nobody could administer Dispatch.</summary>
    LastAdmin,
}

/// <param name="Id">The new person's id; 0 unless <see cref="PersonOutcome.Done"/>.</param>
/// <param name="PasswordToken">For the link with which the person chooses a password; shown once, valid one day. Null when a password was given.</param>
public readonly record struct PersonCreated(PersonOutcome Outcome, long Id, string? PasswordToken);

/// <param name="Password">Null: the person chooses one through a one-time link.</param>
/// <param name="MaxConversations">Used when <paramref name="Roles"/> has Moderator.</param>
public sealed record NewPerson(
    string Name, string Email, IReadOnlyCollection<string> Roles, string? Password = null,
    int MaxConversations = PersonRules.DefaultCapacity, int Priority = 0);

/// <param name="Disabled">Null: both.</param>
public sealed record PeopleFilter(string? Search = null, string? Role = null, bool? Disabled = null);

/// <summary>A line of the people list. Capacity and priority are null for somebody who never was a moderator.</summary>
public sealed record PersonRow(
    long Id, string Name, string Email, IReadOnlyList<string> Roles, bool Disabled, bool TwoFactor, bool HasPassword,
    DateTime? LockedUntil, int? MaxConversations, int? Priority, int? OpenCount, DateTime CreatedAt);

public sealed record PeopleList(IReadOnlyList<PersonRow> Items, int Total);

/// <summary>What a person may be called and set to. Pure; the page and the API both ask here.</summary>
public static class PersonRules
{
    public const int DefaultCapacity = 8;
    public const int MinCapacity = 1;
    public const int MaxCapacity = 100_000;
    public const int MaxPriority = 100;
    public const int MaxName = 120;
    private const int MaxEmail = 256;

    /// <returns><see cref="PersonOutcome.Done"/> when nothing is wrong.</returns>
    public static PersonOutcome Check(NewPerson person)
    {
        if (CheckName(person.Name) is var name and not PersonOutcome.Done) return name;
        if (!IsEmail(person.Email)) return PersonOutcome.BadEmail;
        if (CheckRoles(person.Roles) is var roles and not PersonOutcome.Done) return roles;
        return CheckCapacity(person.MaxConversations, person.Priority);
    }

    public static PersonOutcome CheckName(string? name) =>
        string.IsNullOrWhiteSpace(name) || name.Trim().Length > MaxName ? PersonOutcome.BadName : PersonOutcome.Done;

    public static PersonOutcome CheckRoles(IReadOnlyCollection<string> roles) =>
        roles.Count > 0 && roles.All(r => Roles.All.Contains(r, StringComparer.Ordinal)) ? PersonOutcome.Done : PersonOutcome.BadRole;

    public static PersonOutcome CheckCapacity(int maxConversations, int priority)
    {
        if (maxConversations is < MinCapacity or > MaxCapacity) return PersonOutcome.BadCapacity;
        return priority is < -MaxPriority or > MaxPriority ? PersonOutcome.BadPriority : PersonOutcome.Done;
    }

    /// <summary>One @ with something on both sides, a dot in the domain, no blanks. Only a letter to it would prove more.</summary>
    public static bool IsEmail(string? email)
    {
        if (email?.Trim() is not { Length: > 0 and <= MaxEmail } address || address.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return false;
        var at = address.IndexOf('@', StringComparison.Ordinal);
        var dot = address.LastIndexOf('.');
        return at > 0 && at == address.LastIndexOf('@') && dot > at + 1 && dot < address.Length - 1;
    }
}
