using Dispatch.Core.Data;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Asks <see cref="AssignmentService"/> and makes the claim, again when somebody was faster. Holds no rule: it carries a decision out,
/// for whoever needs one inside a transaction (inbound, drain, fail-over, reopening).
/// </summary>
internal sealed class Placement(WriteSession session, ConversationClaims claims, ConversationOptions options, DateTime now)
{
    private const int MaxTries = 4;
    private AgentBoard? _board;

    public async Task<AgentBoard> BoardAsync()
    {
        if (_board is not null) return _board;
        var board = new AgentBoard(options, now);
        await board.LoadAsync(session);
        return _board = board;
    }

    /// <summary>Gives the conversation to whom assignment names. A decision without a choice changes nothing.</summary>
    /// <param name="preferredId">Who had it last.</param>
    /// <param name="excludeId">Who just gave it back.</param>
    /// <param name="onlineOnly">True: an absent person is no better than waiting (fail-over, drain).</param>
    public async Task<(Decision Decision, ClaimOutcome? Outcome)> PlaceAsync(
        SeenConversation seen, ClaimCause cause, long? preferredId, bool onlineOnly, DecisionReason? reason = null, long? excludeId = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var board = await BoardAsync();
            if (board.WhyNobody(seen.ProfileId) is { } closed) return (Decision.Nobody(closed), null);
            var exclusive = board.IsExclusive(seen.ProfileId);
            var agents = board.For(seen.ProfileId, paced: cause == ClaimCause.Drain);
            if (excludeId is not null) agents.RemoveAll(a => a.Id == excludeId);
            var decision = onlineOnly ? AssignmentService.FindNextOnlineAgent(agents) : AssignmentService.FindAgent(agents, preferredId);
            if (decision.ChosenId is not { } chosen) return (exclusive ? decision with { Reason = WhyNotHolder(decision.Reason) } : decision, null);

            var outcome = await claims.ApplyAsync(
                session,
                new Claim(seen with { Exclusive = exclusive }, cause, chosen, reason ?? (exclusive ? DecisionReason.ProfileHolder : decision.Reason))
                {
                    Candidates = decision.Candidates,
                    RequirePresent = decision.Reason != DecisionReason.LeastBusyOffline,
                },
                now);
            if (outcome.Succeeded)
            {
                board.Took(chosen, paced: cause == ClaimCause.Drain);
                if (seen.OwnerId is { } old) board.Released(old);
                return (decision, outcome);
            }
            // The conversation itself changed hands: not ours to place any more. A person was refused: look at everybody afresh.
            // Lost at the version we saw was lost at the seat: the person came or went in between.
            if (outcome.Result is ClaimResult.Closed or ClaimResult.NotFound
                || (outcome.Result == ClaimResult.Lost && outcome.OwnerVersion != seen.OwnerVersion)) return (decision, outcome);
            _board = null;
            if (attempt == MaxTries) return (Decision.Nobody(DecisionReason.EveryoneAtCapacity, decision.Candidates), outcome);
        }
    }

    /// <summary>Everyone, for an exclusive profile, is its holder.</summary>
    private static DecisionReason WhyNotHolder(DecisionReason reason) => reason == DecisionReason.EveryoneAtCapacity ? DecisionReason.HolderFull : reason;

    /// <summary>
    /// Decides for many that this transaction opened, on one board, and claims them together. Returns the ids that have an owner now: of what assignment chose for all or, when
    /// somebody was faster somewhere, none, and the caller goes one by one.
    /// </summary>
    public async Task<IReadOnlySet<long>> PlaceNewAsync(IReadOnlyList<SeenConversation> opened)
    {
        var board = await BoardAsync();
        var planned = new List<Claim>(opened.Count);
        foreach (var seen in opened)
        {
            if (board.WhyNobody(seen.ProfileId) is not null) continue;
            var exclusive = board.IsExclusive(seen.ProfileId);
            var decision = AssignmentService.FindAgent(board.For(seen.ProfileId, paced: false), null);
            if (decision.ChosenId is not { } chosen) continue;
            board.Took(chosen, paced: false);
            planned.Add(new Claim(seen with { Exclusive = exclusive }, ClaimCause.Inbound, chosen, exclusive ? DecisionReason.ProfileHolder : decision.Reason)
            {
                Candidates = decision.Candidates,
                RequirePresent = decision.Reason != DecisionReason.LeastBusyOffline,
            });
        }
        if (await claims.ApplyToNewAsync(session, planned, now)) return planned.Select(c => c.Seen.Id).ToHashSet();
        _board = null;
        return new HashSet<long>();
    }
}
