using Dispatch.Core.Conversations;

namespace Dispatch.Core.Moderators;

/// <summary>A moderator who owes somebody an answer.</summary>
/// <param name="LastActivityAt">The last sign of life: typing, a click, an answer (UTC); null: none ever.</param>
/// <param name="OldestWaiting">Since when the longest waiting of his contacts waits (UTC); null: nobody waits.</param>
public sealed record Activity(long ModeratorId, PresenceState State, DateTime? LastActivityAt, DateTime? OldestWaiting);

/// <summary>Somebody who is inactive, since when, and for how long a contact has waited.</summary>
public sealed record InactiveModerator(long ModeratorId, DateTime? LastActivityAt, DateTime WaitingSince);

public enum Overload
{
    /// <summary>As many conversations as allowed.</summary>
    AtCapacity,
    /// <summary>More than half of them wait for an answer, three or more.</summary>
    TooManyWaiting,
    /// <summary>Somebody has waited for more than three times the threshold.</summary>
    TooLongWaiting,
}

public sealed record OverloadedModerator(long Id, string Name, Overload Why, int OpenCount, int MaxConversations, int Waiting, DateTime? OldestWaiting);

/// <summary>What is next for a conversation whose owner is inactive.</summary>
public enum HopResult
{
    /// <summary>Somebody takes it over.</summary>
    Move,
    /// <summary>It changed hands as often as allowed in this wait: the admins are told.</summary>
    TooManyHops,
    /// <summary>Everybody who could take it had it already in this wait: the admins are told.</summary>
    NobodyLeft,
}

public sealed record Hop(HopResult Result, Decision Decision);

/// <summary>Pure: who is inactive, and where a waiting conversation goes then.</summary>
public static class ActivityRules
{
    /// <summary>
    /// Inactive means: present, something has waited for an answer for longer than the threshold, and no sign of life for as long. Silence alone is no
    /// inactivity, so a background tab or a phone with its screen off costs nothing while nobody waits.
    /// </summary>
    public static bool IsInactive(Activity activity, TimeSpan threshold, DateTime now) =>
        activity.State == PresenceState.Online && activity.OldestWaiting is { } waiting && waiting + threshold <= now
        && (activity.LastActivityAt is not { } last || last + threshold <= now);

    /// <summary>Next in turn among those who did not have the conversation in this wait; at most <paramref name="maxHops"/> changes, then the admins are told.</summary>
    /// <param name="agents">As assignment knows them for the conversation's profile.</param>
    /// <param name="hadIt">Who had it since the contact began to wait, its owner included.</param>
    /// <param name="hops">How often it changed hands for inactivity in this wait.</param>
    public static Hop Next(IReadOnlyCollection<Agent> agents, IReadOnlySet<long> hadIt, int hops, int maxHops)
    {
        if (hops >= maxHops) return new Hop(HopResult.TooManyHops, Decision.Nobody(DecisionReason.OwnerInactive));
        var decision = AssignmentService.FindNextOnlineAgent([.. agents.Where(a => !hadIt.Contains(a.Id))]);
        return new Hop(decision.ChosenId is null ? HopResult.NobodyLeft : HopResult.Move, decision);
    }

    /// <summary>Null: not overloaded.</summary>
    public static Overload? WhyOverloaded(ModeratorLoad load, TimeSpan threshold, DateTime now) =>
        load.OldestWaiting is { } oldest && oldest + (3 * threshold) <= now ? Overload.TooLongWaiting
        : load.Waiting >= 3 && load.Waiting * 2 > load.OpenCount ? Overload.TooManyWaiting
        : load.MaxConversations > 0 && load.OpenCount >= load.MaxConversations ? Overload.AtCapacity
        : null;
}
