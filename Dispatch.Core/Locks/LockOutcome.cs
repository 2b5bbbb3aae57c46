using System.Globalization;

namespace Dispatch.Core.Locks;

public enum LockResult
{
    /// <summary>Held now: newly taken, or it was the same person's already and lasts longer.</summary>
    Taken,
    /// <summary>Somebody else has it; <see cref="LockOutcome.Held"/> says who and until when.</summary>
    HeldByOther,
    /// <summary>The hold that was named has ended: by its time, by release, or because somebody else has it (see <see cref="LockOutcome.Held"/>).</summary>
    Ended,
    /// <summary>The hold that was named is released.</summary>
    Released,
    ContactNotFound,
    ProfileNotFound,
    /// <summary>There is no such moderator, or the person is disabled.</summary>
    ModeratorNotFound,
    /// <summary>The moderator may not serve the profile.</summary>
    NotAllowed,
    /// <summary>Shorter than <see cref="LockOptions.Shortest"/> or longer than <see cref="LockOptions.Longest"/>.</summary>
    BadDuration,
}

/// <summary>What became of a wish to lock, to extend or to release.</summary>
/// <param name="Token">The fencing token of the caller's own hold; 0: has none.</param>
/// <param name="ExpiresAt">When the caller's own hold ends (UTC).</param>
/// <param name="Held">Who has it now, when that is not the caller; null: nobody.</param>
public sealed record LockOutcome(LockResult Result, long Token = 0, DateTime LockedAt = default, DateTime ExpiresAt = default, LockInfo? Held = null)
{
    public bool Succeeded => Result is LockResult.Taken or LockResult.Released;
}

/// <summary>A lock that is held, as everybody may see it.</summary>
/// <param name="ResourceId">The profile or the contact.</param>
/// <param name="ProfileId">As which profile the holder answers; for a profile the profile itself.</param>
/// <param name="Why">A <see cref="ProfileLockType"/> or a <see cref="ClientLockReason"/>.</param>
public sealed record LockInfo(
    LockKind Kind, long ResourceId, long ProfileId, string ProfileName, long ModeratorId, string ModeratorName, DateTime LockedAt, DateTime ExpiresAt,
    string Why, long Token)
{
    public LockId Id => new(Kind, ResourceId, Token);
}

/// <summary>
/// Names one hold and not just what is locked, so that releasing by an old name never ends somebody else's lock. Written
/// <c>client-17-5</c>: kind, what is locked, token.
/// </summary>
public readonly record struct LockId(LockKind Kind, long ResourceId, long Token)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Kind == LockKind.Client ? "client" : "profile")}-{ResourceId}-{Token}");

    /// <summary>Null: not the name of a lock.</summary>
    public static LockId? Parse(string? text)
    {
        if (text?.Split('-') is not [var kind, var resource, var token]) return null;
        LockKind? known = kind switch { "client" => LockKind.Client, "profile" => LockKind.Profile, _ => null };
        return known is { } k && Number(resource) is { } r && Number(token) is { } t ? new LockId(k, r, t) : null;
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : null;
}
