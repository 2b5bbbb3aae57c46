namespace Dispatch.Core.Locks;

/// <summary>
/// The views over the lock tables, in words that mean the same on all three databases; <see cref="Data.DatabaseViews"/> makes them. They have no
/// clock: whoever reads them says which moment he means by comparing <c>expires_at</c>, because a second clock would contradict the first.
/// </summary>
internal static class LockViews
{
    public const string LockedClients = "locked_clients", HeldLocks = "held_locks";

    private const string Client =
        " FROM client_locks l JOIN moderators m ON m.id = l.moderator_id JOIN profiles p ON p.id = l.profile_id WHERE l.moderator_id IS NOT NULL";

    public static IReadOnlyList<(string Name, string Select)> All { get; } =
    [
        (LockedClients,
            "SELECT l.moderator_id AS moderator_id, m.name AS moderator_name, l.client_id AS client_id, l.profile_id AS profile_id, p.name AS profile_name, "
            + "l.locked_at AS locked_at, l.expires_at AS expires_at, l.lock_reason AS lock_reason, l.token AS token" + Client),
        (HeldLocks,
            "SELECT 'Client' AS kind, l.client_id AS resource_id, l.profile_id AS profile_id, p.name AS profile_name, l.moderator_id AS moderator_id, "
            + "m.name AS moderator_name, l.locked_at AS locked_at, l.expires_at AS expires_at, l.lock_reason AS why, l.token AS token" + Client
            + " UNION ALL SELECT 'Profile', l.profile_id, l.profile_id, p.name, l.moderator_id, m.name, l.locked_at, l.expires_at, l.lock_type, l.token "
            + "FROM profile_locks l JOIN moderators m ON m.id = l.moderator_id JOIN profiles p ON p.id = l.profile_id WHERE l.moderator_id IS NOT NULL"),
    ];
}

/// <summary>A row of the view <c>locked_clients</c>, which seed 001 has as a JSON column.</summary>
public sealed class LockedClient
{
    public long ModeratorId { get; set; }
    public string ModeratorName { get; set; } = "";
    public long ClientId { get; set; }
    public long ProfileId { get; set; }
    public string ProfileName { get; set; } = "";
    public DateTime LockedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public ClientLockReason LockReason { get; set; }
    public long Token { get; set; }
}

/// <summary>A row of the view <c>held_locks</c>: both kinds in one list.</summary>
internal sealed class HeldLock
{
    public LockKind Kind { get; set; }
    public long ResourceId { get; set; }
    public long ProfileId { get; set; }
    public string ProfileName { get; set; } = "";
    public long ModeratorId { get; set; }
    public string ModeratorName { get; set; } = "";
    public DateTime LockedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public string Why { get; set; } = "";
    public long Token { get; set; }
}
