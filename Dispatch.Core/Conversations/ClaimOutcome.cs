namespace Dispatch.Core.Conversations;

public enum ClaimResult
{
    /// <summary>The change happened.</summary>
    Done,
    /// <summary>Someone else was faster; <see cref="ClaimOutcome.HeldById"/> says who has it now.</summary>
    Lost,
    /// <summary>It already is as asked.</summary>
    Unchanged,
    NotFound,
    /// <summary>The conversation is closed; reopen it first.</summary>
    Closed,
    /// <summary>A newer conversation with the same contact exists.</summary>
    Superseded,
    /// <summary>The person asked for is not present.</summary>
    NotPresent,
    /// <summary>The person asked for has as many conversations as allowed.</summary>
    AtCapacity,
    /// <summary>The person asked for may not serve this profile.</summary>
    NotAllowed,
    /// <summary>The person asked for is unknown or disabled.</summary>
    Disabled,
    /// <summary>The person asked for just received several parked conversations.</summary>
    Paced,
    /// <summary>Only the owner (or an admin) may do this.</summary>
    NotOwner,
    /// <summary>The profile is exclusive: only who holds it may have its conversations. <see cref="ClaimOutcome.HeldById"/> says who; null: nobody.</summary>
    NotHolder,
    /// <summary>An admin paused the profile.</summary>
    ProfilePaused,
}

/// <summary>What became of a claim; a loser learns who has it and since when (UTC).</summary>
public sealed record ClaimOutcome(
    ClaimResult Result, long? HeldById = null, string? HeldByName = null, DateTime? HeldSince = null, long OwnerVersion = 0)
{
    public bool Succeeded => Result is ClaimResult.Done or ClaimResult.Unchanged;
}

/// <summary>The conversation as a claimer saw it. <see cref="OwnerVersion"/> is the fence: any change since then makes the claim lose.</summary>
public sealed record SeenConversation(long Id, long ProfileId, ConversationStatus Status, long? OwnerId, long OwnerVersion)
{
    /// <summary>
    /// False: the claimer read in this transaction that the profile is shared, and nobody's holding is to be kept. Null, not known: the claim sees to it.
    /// </summary>
    public bool? Exclusive { get; init; }
}

/// <summary>One wish to change who has a conversation.</summary>
/// <param name="To">The new owner; null: nobody (return to the queue, close).</param>
public sealed record Claim(SeenConversation Seen, ClaimCause Cause, long? To, DecisionReason Reason)
{
    /// <summary>The person who asked; null: Dispatch.</summary>
    public long? ActorId { get; init; }
    public string? Note { get; init; }
    public IReadOnlyList<Candidate>? Candidates { get; init; }

    /// <summary>False only for an assignment to somebody known to be absent.</summary>
    public bool RequirePresent { get; init; } = true;

    /// <summary>True: counts against the pace at which parked conversations are handed out.</summary>
    public bool Paced => Cause == ClaimCause.Drain;
}
