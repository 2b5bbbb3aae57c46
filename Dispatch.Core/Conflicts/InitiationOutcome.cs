namespace Dispatch.Core.Conflicts;

public enum InitiationResult
{
    Allowed,
    /// <summary>There is an open conversation of the contact with this profile.</summary>
    AlreadyOpen,
    /// <summary>One of our profiles approached the contact a short time ago.</summary>
    RecentlyApproached,
}

/// <summary>Whether a contact may be approached, and if not, why.</summary>
/// <param name="ConversationId">The open conversation.</param>
/// <param name="ModeratorId">Who has it or who approached; null: nobody has it.</param>
/// <param name="ProfileId">As which profile.</param>
/// <param name="Since">Open or approached since (UTC).</param>
/// <param name="AllowedAt">When it will be allowed (UTC); null: not by time.</param>
public sealed record InitiationOutcome(
    InitiationResult Result, long? ConversationId = null, long? ModeratorId = null, string? ModeratorName = null, long? ProfileId = null,
    string? ProfileName = null, DateTime? Since = null, DateTime? AllowedAt = null)
{
    public static readonly InitiationOutcome Allowed = new(InitiationResult.Allowed);
}

/// <summary>Whether one (contact, profile) pair has one owner.</summary>
/// <param name="IsUnique">False: several open conversations or several owners, which the database refuses; seen only if it was tampered with.</param>
/// <param name="OwnerId">Null: nobody has it.</param>
public sealed record PairAssignment(bool IsUnique, long? ConversationId, long? OwnerId, string? OwnerName);
