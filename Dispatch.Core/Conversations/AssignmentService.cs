namespace Dispatch.Core.Conversations;

/// <summary>
/// The brain of seed 000: takes data, returns a decision, touches nothing. Total on any input, independent of its order,
/// one pass and no sort, so that 100,000 moderators cost microseconds each and not a queue.
/// </summary>
public static class AssignmentService
{
    /// <summary>Round robin over those present: first eligible by priority (highest), then turn (lowest), then id.</summary>
    public static Decision FindNextOnlineAgent(IReadOnlyCollection<Agent> queue) =>
        Choose(queue, requirePresent: true, DecisionReason.RoundRobin, CompareTurn, static (agent, best) =>
            agent.Priority < best.Priority ? Verdict.LowerPriority : Verdict.LaterTurn);

    /// <summary>Least workload, then longest without new work, then id; presence does not matter.</summary>
    public static Decision FindNextOfflineAgent(IReadOnlyCollection<Agent> agents) =>
        Choose(agents, requirePresent: false, DecisionReason.LeastBusyOffline, CompareWorkload, static (agent, best) =>
            agent.OpenCount > best.OpenCount ? Verdict.MoreBusy
            : agent.LastAssignedAt != best.LastAssignedAt ? Verdict.WorkedMoreRecently : Verdict.JustAsFree);

    /// <summary>
    /// The whole question for a conversation that needs somebody: who had it before if present, else the next one online,
    /// else (nobody who may serve it is present) the offline agent with the least to do, else nobody, with the reason.
    /// </summary>
    /// <param name="preferredId">Who had it last; asked first. Null: nobody in particular.</param>
    public static Decision FindAgent(IReadOnlyCollection<Agent> agents, long? preferredId)
    {
        if (preferredId is { } id && agents.FirstOrDefault(a => a.Id == id && Refusal(a, requirePresent: true) is null) is { } preferred)
            return new Decision(id, DecisionReason.PreviousOwner, [Seen(preferred, Verdict.Chosen)]);

        var online = FindNextOnlineAgent(agents);
        if (online.ChosenId is not null || online.Reason is DecisionReason.EveryoneAtCapacity or DecisionReason.Paced) return online;
        var offline = FindNextOfflineAgent(agents);
        return offline.ChosenId is not null ? offline : offline with { Candidates = online.Candidates };
    }

    private static Decision Choose(
        IReadOnlyCollection<Agent> agents, bool requirePresent, DecisionReason reason, Comparison<Agent> order, Func<Agent, Agent, Verdict> whyNot)
    {
        Agent? best = null;
        foreach (var agent in agents)
        {
            if (Refusal(agent, requirePresent) is null && (best is null || order(agent, best) < 0)) best = agent;
        }

        // Everyone is explained, but a stored decision keeps only so many: the chosen one always, then the others in their order of turn.
        var others = new List<Candidate>(Math.Min(agents.Count, Decision.MaxStoredCandidates + 1));
        if (best is not null) others.Add(Seen(best, Verdict.Chosen));
        foreach (var agent in Closest(agents, order))
        {
            if (best is not null && agent.Id == best.Id) continue;
            others.Add(Seen(agent, Refusal(agent, requirePresent) ?? whyNot(agent, best!)));
        }
        return best is not null ? new Decision(best.Id, reason, others) : Decision.Nobody(ReasonForNobody(agents, requirePresent), others);
    }

    /// <summary>The candidates worth naming: all of a normal team, the first <see cref="Decision.MaxStoredCandidates"/> of a huge one.</summary>
    private static IEnumerable<Agent> Closest(IReadOnlyCollection<Agent> agents, Comparison<Agent> order)
    {
        if (agents.Count <= Decision.MaxStoredCandidates)
        {
            var all = agents.ToList();
            all.Sort(order);
            return all;
        }
        // A bounded selection instead of a sort: n comparisons against the worst of the kept ones.
        var kept = new SortedSet<Agent>(Comparer<Agent>.Create(order));
        foreach (var agent in agents)
        {
            if (kept.Count < Decision.MaxStoredCandidates) kept.Add(agent);
            else if (order(agent, kept.Max!) < 0 && kept.Add(agent)) kept.Remove(kept.Max!);
        }
        return kept;
    }

    private static DecisionReason ReasonForNobody(IReadOnlyCollection<Agent> agents, bool requirePresent)
    {
        var full = false;
        foreach (var agent in agents)
        {
            switch (Refusal(agent, requirePresent))
            {
                case Verdict.Paced: return DecisionReason.Paced;
                case Verdict.AtCapacity: full = true; break;
            }
        }
        return full ? DecisionReason.EveryoneAtCapacity : DecisionReason.NobodyAllowed;
    }

    /// <summary>The first rule that speaks against a moderator; null: eligible.</summary>
    private static Verdict? Refusal(Agent agent, bool requirePresent) =>
        !agent.Enabled ? Verdict.Disabled
        : !agent.Allowed ? agent.WhyNotAllowed
        : requirePresent && !agent.Present ? Verdict.NotPresent
        : agent.OpenCount >= agent.MaxConversations ? Verdict.AtCapacity
        : agent.Paced ? Verdict.Paced
        : null;

    private static int CompareTurn(Agent a, Agent b)
    {
        var byPriority = b.Priority.CompareTo(a.Priority);
        if (byPriority != 0) return byPriority;
        var byTurn = a.Turn.CompareTo(b.Turn);
        return byTurn != 0 ? byTurn : a.Id.CompareTo(b.Id);
    }

    private static int CompareWorkload(Agent a, Agent b)
    {
        var byLoad = a.OpenCount.CompareTo(b.OpenCount);
        if (byLoad != 0) return byLoad;
        var byRest = (a.LastAssignedAt ?? DateTime.MinValue).CompareTo(b.LastAssignedAt ?? DateTime.MinValue);
        return byRest != 0 ? byRest : a.Id.CompareTo(b.Id);
    }

    private static Candidate Seen(Agent agent, Verdict verdict) => new(agent.Id, agent.Name, verdict, agent.OpenCount, agent.MaxConversations);
}
