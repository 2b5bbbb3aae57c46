namespace Dispatch.Core.Locks;

/// <summary>What is locked: a profile while it changes hands, or a contact while somebody answers.</summary>
public enum LockKind { Profile, Client }

/// <summary><see cref="Assignment"/>: it is being given to somebody, half a second. <see cref="Manual"/>: a person or an integration keeps it for longer.</summary>
public enum ProfileLockType { Assignment, Manual }

/// <summary>What a contact was locked for.</summary>
public enum ClientLockReason
{
    /// <summary>Somebody has the conversation open to answer.</summary>
    Answering,
    /// <summary>An answer was sent without a lock at hand and took it, because it was free.</summary>
    Sending,
    /// <summary>An integration asked.</summary>
    Requested,
    /// <summary>The former holder gave it up, was silent or was overruled.</summary>
    Unlocked,
}

/// <summary>
/// One row per profile that was ever locked (seed 001 <c>profile_locks</c>). The row outlives the lock, because its token must never start
/// again; a lock is held while it has a holder and <see cref="ExpiresAt"/> is ahead, whether anybody cleaned up or not.
/// </summary>
public sealed class ProfileLock
{
    public long Id { get; set; }

    /// <summary>What is locked; unique.</summary>
    public long ProfileId { get; set; }

    /// <summary>Null: released, or ended and tidied.</summary>
    public long? ModeratorId { get; set; }
    public DateTime LockedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public ProfileLockType LockType { get; set; }

    /// <summary>The fencing token: grows by one with every new hold, for ever. An older one is refused wherever it is shown.</summary>
    public long Token { get; set; }
}

/// <summary>
/// One row per contact that was ever locked (seed 001 <c>client_locks</c>; its client is our contact). Unique on the contact alone: two people
/// who answer one contact as two profiles are two people answering one contact.
/// </summary>
public sealed class ClientLock
{
    public long Id { get; set; }

    /// <summary>The contact; unique.</summary>
    public long ClientId { get; set; }

    /// <summary>The profile as which the holder answers.</summary>
    public long ProfileId { get; set; }

    /// <inheritdoc cref="ProfileLock.ModeratorId"/>
    public long? ModeratorId { get; set; }
    public DateTime LockedAt { get; set; }
    public DateTime ExpiresAt { get; set; }
    public ClientLockReason LockReason { get; set; }

    /// <inheritdoc cref="ProfileLock.Token"/>
    public long Token { get; set; }
}
