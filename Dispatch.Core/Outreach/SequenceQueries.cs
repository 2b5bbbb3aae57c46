using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>The first contact, or a step of a sequence, as its page shows it.</summary>
/// <param name="Step">0: the first contact.</param>
/// <param name="Delay">After the message before it; null: the first contact has none.</param>
/// <param name="Windows">Hours of its own by the prospect's clock; empty: the account's hold.</param>
/// <param name="TemplateKind">The kind whose text it uses.</param>
/// <param name="Standing">Prospects for whom it was the last that left.</param>
/// <param name="Planned">Pending actions of it among the next <see cref="SequenceQueries.MaxPlanned"/> to leave.</param>
/// <param name="NextDue">UTC; null: none is planned.</param>
public sealed record StepView(string Kind, int Step, TimeSpan? Delay, IReadOnlyList<SendWindow> Windows, string TemplateKind, int Standing, int Planned, DateTime? NextDue);

/// <param name="Letter">A, B or C.</param>
/// <param name="Plan">What it is set to, and by whom.</param>
public sealed record SequenceView(char Letter, IReadOnlyList<StepView> Steps, SequencePlan Plan);

/// <param name="IsCut">There are more planned actions than are counted.</param>
public sealed record SequenceBoard(StepView Invitation, StepView First, IReadOnlyList<SequenceView> Sequences, bool IsCut);

/// <summary>Sequences as they are set up, with who stands where.</summary>
public sealed class SequenceQueries(Database database, OutreachQueries queries, SequencePlans plans)
{
    /// <summary>Planned actions are counted in the order in which they leave, and no further: the page costs the same with a million of them.</summary>
    public const int MaxPlanned = 10_000;

    /// <summary>Every kind of action that can be executed, in the order of its life.</summary>
    public IReadOnlyList<string> Kinds =>
        [ActionKinds.Invitation, ActionKinds.FirstContact, ActionKinds.Reply, .. SequenceOptions.Letters.SelectMany(l => Enumerable.Range(1, plans.Known.Sequences.Of(l).Count).Select(i => ActionKinds.FollowupOf(l, i)))];

    /// <summary>The first contact, the invitation before it, and the three sequences.</summary>
    public async Task<SequenceBoard> ListAsync(CancellationToken cancel = default)
    {
        var standing = (await queries.StepsAsync(cancel)).ToDictionary(s => (s.Sequence, s.Step), s => s.Prospects);
        Dictionary<string, (int Count, DateTime Next)> planned;
        int contacted, invited;
        await using (var db = database.Read())
        {
            // By the index of what is pending, (status, due_at, id).
            planned = await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending).OrderBy(a => a.DueAt).ThenBy(a => a.Id).Take(MaxPlanned).GroupBy(a => a.Kind)
                .Select(g => new { g.Key, Count = g.Count(), Next = g.Min(a => a.DueAt) }).ToDictionaryAsync(g => g.Key, g => (g.Count, g.Next), StringComparer.Ordinal, cancel);
            contacted = await db.Prospects.CountAsync(p => p.Stage == ProspectStage.Contacted && p.Sequence == null, cancel);
            invited = await db.Prospects.CountAsync(p => p.Stage == ProspectStage.Invited, cancel);
        }
        StepView View(string kind, int step, FollowupStep? set, int count) => new(
            kind, step, set?.Delay, set?.Windows ?? [], set?.Template ?? kind, count, planned.TryGetValue(kind, out var p) ? p.Count : 0, planned.TryGetValue(kind, out p) ? p.Next : null);
        return new SequenceBoard(
            View(ActionKinds.Invitation, 0, null, invited), View(ActionKinds.FirstContact, 0, null, contacted),
            [.. (await plans.ListAsync(cancel)).Select(plan => new SequenceView(
                plan.Letter, [.. plan.Steps.Select((s, i) => View(ActionKinds.FollowupOf(plan.Letter, i + 1), i + 1, s, standing.GetValueOrDefault((plan.Letter, i + 1))))], plan))],
            planned.Values.Sum(p => p.Count) == MaxPlanned);
    }
}
