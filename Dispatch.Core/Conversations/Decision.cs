namespace Dispatch.Core.Conversations;

/// <summary>Why a conversation is where it is. Shown to people as a sentence (resource key <c>Reason_{name}</c>).</summary>
public enum DecisionReason
{
    None,
    /// <summary>The owner is present and keeps it.</summary>
    OwnerKept,
    /// <summary>The owner is away, but nobody else can take it: it waits for him.</summary>
    OwnerKeptOffline,
    /// <summary>Who had it before it was closed is present and has it again.</summary>
    PreviousOwner,
    /// <summary>Next in turn among those present.</summary>
    RoundRobin,
    /// <summary>Nobody present: the least busy absent person.</summary>
    LeastBusyOffline,
    /// <summary>No moderator may serve the profile.</summary>
    NobodyAllowed,
    /// <summary>Everyone who may serve it has as many conversations as allowed.</summary>
    EveryoneAtCapacity,
    /// <summary>Someone is free, but received several at once already; the next follow in a moment.</summary>
    Paced,
    /// <summary>Others have been waiting for the same profile for longer.</summary>
    OlderOnesFirst,
    /// <summary>A person decided.</summary>
    Manual,
    /// <summary>The owner was gone for longer than the grace period while the contact waited.</summary>
    OwnerLeft,
    /// <summary>The profile is held by one person, who has all its conversations.</summary>
    ProfileHolder,
    /// <summary>The profile changed hands, and its conversations with it.</summary>
    HolderChanged,
    /// <summary>The holder of the profile has as many conversations as allowed.</summary>
    HolderFull,
    /// <summary>Nobody holds the profile at the moment.</summary>
    ProfileFree,
    /// <summary>An admin paused the profile.</summary>
    ProfilePaused,
    /// <summary>A colleague had more to do; the conversation was quiet.</summary>
    Rebalanced,
    /// <summary>The contact waited and the owner gave no sign of life.</summary>
    OwnerInactive,
}

/// <summary>What a decision made of one moderator.</summary>
public enum Verdict
{
    Chosen, Disabled, NotAllowed, NotPresent, AtCapacity, Paced, LowerPriority, LaterTurn, MoreBusy, WorkedMoreRecently, JustAsFree, LostRace,
    /// <summary>The profile is exclusive, and he is not the one who holds it.</summary>
    NotHolder,
    /// <summary>Nobody is given anything of a profile that is paused.</summary>
    ProfilePaused,
}

/// <summary>One moderator as a decision saw him; stored with the decision ("why not me").</summary>
public sealed record Candidate(long Id, string Name, Verdict Verdict, int OpenCount, int MaxConversations);

/// <summary>A choice (or none) with its reason and, for every candidate, why not.</summary>
/// <param name="ChosenId">Null: nobody; the message is parked.</param>
public sealed record Decision(long? ChosenId, DecisionReason Reason, IReadOnlyList<Candidate> Candidates)
{
    /// <summary>Stored decisions keep the chosen one and this many others, so that a row does not grow with the team.</summary>
    public const int MaxStoredCandidates = 20;

    public static Decision Nobody(DecisionReason reason, IReadOnlyList<Candidate>? candidates = null) => new(null, reason, candidates ?? []);
}

/// <summary>What assignment needs to know about a moderator at one instant.</summary>
/// <param name="Present">Effective presence is Online.</param>
/// <param name="Allowed">May serve the profile in question.</param>
/// <param name="Paced">Received as many parked conversations as the pace allows for now.</param>
/// <param name="Turn">Place in the round robin: lowest is next.</param>
/// <param name="LastAssignedAt">UTC; null: never had work.</param>
public sealed record Agent(
    long Id, string Name, bool Enabled, bool Present, bool Allowed, bool Paced, int OpenCount, int MaxConversations, int Priority, long Turn,
    DateTime? LastAssignedAt)
{
    /// <summary>What to say of somebody who is not <see cref="Allowed"/>.</summary>
    public Verdict WhyNotAllowed { get; init; } = Verdict.NotAllowed;
}
