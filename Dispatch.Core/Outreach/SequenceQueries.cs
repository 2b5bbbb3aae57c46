using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>The first contact, or a step of a sequence, as its page shows it.</summary>
/// <param name="Step">0: the first contact.</param>
/// <param name="Delay">After the message before it; null: the first contact has none.</param>
/// <param name="Windows">Hours of its own by the prospect's clock; empty: the account's hold.</param>
/// <param name="TemplateKind">The kind whose text it uses.</param>
/// <param name="Standing">Prospects for whom it was the last that left.</param>
/// <param name="Planned">Pending actions of it.</param>
/// <param name="NextDue">UTC; null: none is planned.</param>
public sealed record StepView(string Kind, int Step, TimeSpan? Delay, IReadOnlyList<SendWindow> Windows, string TemplateKind, int Standing, int Planned, DateTime? NextDue);

/// <param name="Letter">A, B or C.</param>
public sealed record SequenceView(char Letter, IReadOnlyList<StepView> Steps);

/// <summary>Sequences as they are set up, with who stands where.</summary>
public sealed class SequenceQueries(Database database, OutreachQueries queries, IOptions<OutreachOptions> options)
{
    private static readonly char[] Letters = ['A', 'B', 'C'];

    /// <summary>Every kind of action that can be executed, in the order of its life.</summary>
    public IReadOnlyList<string> Kinds =>
        [ActionKinds.FirstContact, ActionKinds.Reply, .. Letters.SelectMany(l => Enumerable.Range(1, options.Value.Sequences.Of(l).Count).Select(i => ActionKinds.FollowupOf(l, i)))];

    /// <summary>The first contact and the three sequences.</summary>
    public async Task<(StepView First, IReadOnlyList<SequenceView> Sequences)> ListAsync(CancellationToken cancel = default)
    {
        var standing = (await queries.StepsAsync(cancel)).ToDictionary(s => (s.Sequence, s.Step), s => s.Prospects);
        Dictionary<string, (int Count, DateTime Next)> planned;
        int contacted;
        await using (var db = database.Read())
        {
            // Only what is pending is gone through, by its own index; never the history.
            planned = await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending && a.Type != ActionType.Reply).GroupBy(a => a.Kind)
                .Select(g => new { g.Key, Count = g.Count(), Next = g.Min(a => a.DueAt) }).ToDictionaryAsync(g => g.Key, g => (g.Count, g.Next), StringComparer.Ordinal, cancel);
            contacted = await db.Prospects.CountAsync(p => p.Stage == ProspectStage.Contacted && p.Sequence == null, cancel);
        }
        StepView View(string kind, int step, FollowupStep? set, int count) => new(
            kind, step, set?.Delay, set?.Windows ?? [], set?.Template ?? kind, count, planned.TryGetValue(kind, out var p) ? p.Count : 0, planned.TryGetValue(kind, out p) ? p.Next : null);
        return (View(ActionKinds.FirstContact, 0, null, contacted), [.. Letters.Select(l => new SequenceView(l,
            [.. options.Value.Sequences.Of(l).Select((s, i) => View(ActionKinds.FollowupOf(l, i + 1), i + 1, s, standing.GetValueOrDefault((l, i + 1))))]))]);
    }
}
