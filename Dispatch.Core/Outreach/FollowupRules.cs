namespace Dispatch.Core.Outreach;

/// <summary>What the rules need to know of a prospect.</summary>
public sealed record ProspectFacts(
    ProspectStage Stage, char? Sequence, int Step, DateTime? ContactedAt, DateTime? LastInboundAt, DateTime? LastOutboundAt)
{
    public static ProspectFacts Of(Prospect p) => new(p.Stage, p.Sequence, p.Step, p.ContactedAt, p.LastInboundAt, p.LastOutboundAt);
}

/// <param name="After">The message that its delay counts from.</param>
public sealed record NextStep(char Sequence, int Number, FollowupStep Step, DateTime After)
{
    public string Kind => ActionKinds.FollowupOf(Sequence, Number);
    public DateTime Earliest => After + Step.Delay;
}

/// <summary>Which step of which sequence comes next. Pure.</summary>
public static class FollowupRules
{
    /// <summary>
    /// Seed 004 <c>determine_followup_type</c>. A: no answer since the first contact. B: he answered, we answered, and he is silent. C: A or B is through and he is dormant.
    /// Null: nothing to plan; he is stopped, was never written to, waits for our answer, or had all steps.
    /// </summary>
    public static NextStep? DetermineFollowupType(ProspectFacts prospect, SequenceOptions sequences)
    {
        if (prospect.Stage == ProspectStage.Stopped || prospect.ContactedAt is null || prospect.LastOutboundAt is not { } last) return null;
        // He wrote last: an answer is owed, no reminder.
        if (prospect.LastInboundAt >= last) return null;
        var first = prospect.LastInboundAt is null ? 'A' : 'B';
        if (prospect.Sequence is not 'C')
        {
            var done = prospect.Sequence == first ? prospect.Step : 0;
            if (done < sequences.Of(first).Count) return new NextStep(first, done + 1, sequences.Of(first)[done], last);
        }
        var dormant = prospect.Sequence == 'C' ? prospect.Step : 0;
        return dormant < sequences.Of('C').Count ? new NextStep('C', dormant + 1, sequences.Of('C')[dormant], last) : null;
    }

    /// <summary>When the follow-up job has to look at him: early enough that the step stands in the queue before it is due. Null: never.</summary>
    public static DateTime? NextLook(ProspectFacts prospect, OutreachOptions options) =>
        DetermineFollowupType(prospect, options.Sequences) is { } next ? next.Earliest - options.PlanAhead : null;

    /// <summary>A prospect who says one of these is not written to again.</summary>
    public static bool IsOptOut(string text) => text.Trim().TrimEnd('.', '!').ToUpperInvariant() is
        "STOP" or "UNSUBSCRIBE" or "STOP ALL" or "ARRET" or "ARRÊT" or "DESABONNER" or "DÉSABONNER" or "SE DESABONNER" or "SE DÉSABONNER";
}
