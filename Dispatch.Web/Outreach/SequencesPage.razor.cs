using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Core.People;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

/// <summary>The sequences as lines of steps with who stands where, and the texts of the chosen step with how a real prospect would read them.</summary>
public sealed partial class SequencesPage
{
    private SequenceBoard? _board;
    private char? _editing;
    private IReadOnlyList<OutreachTemplateView> _texts = [];
    private ProspectRow? _sample;
    private SequencesView? _shown;
    private Notices? _notices;
    private int? _draft;

    [SupplyParameterFromQuery(Name = "step")]
    public string? StepParameter { get; set; }

    [SupplyParameterFromQuery(Name = "lang")]
    public string? LanguageParameter { get; set; }

    [Inject]
    public required SequenceQueries Queries { get; set; }

    [Inject]
    public required OutreachQueries Outreach { get; set; }

    [Inject]
    public required OutreachTemplates Templates { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private SequencesView View => SequencesView.Of(StepParameter, LanguageParameter);
    private IEnumerable<OutreachTemplateView> Texts => _texts.Where(t => t.Kind == TextKind && t.Language == View.Language).OrderBy(t => t.Variant);

    /// <summary>A step may use the text of another kind.</summary>
    private string TextKind => (_board?.Sequences ?? []).SelectMany(s => s.Steps).FirstOrDefault(s => s.Kind == View.Kind)?.TemplateKind ?? View.Kind;

    /// <summary>What a step may use the text of.</summary>
    private IReadOnlyCollection<string> TextKinds =>
        [.. _texts.Select(t => t.Kind).Distinct(StringComparer.Ordinal).Where(k => ActionKinds.TypeOf(k) is ActionType.FirstContact or ActionType.Followup).Order(StringComparer.Ordinal)];

    /// <summary>Null: there are as many as there may be.</summary>
    private int? NextVariant => Enumerable.Range(1, OutreachTemplates.MaxVariants).Cast<int?>().FirstOrDefault(n => Texts.All(t => t.Variant != n));

    // Counts move with every action that leaves; they need not be true to the second.
    protected override TimeSpan Interval => TimeSpan.FromSeconds(2);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        _shown = View;
        _board = await Queries.ListAsync(Stopping);
        if (changes.Count > 0) return;
        _texts = await Templates.ListAsync(Stopping);
        // Somebody to read the texts for, until another one is chosen.
        _sample ??= (await Outreach.ProspectsAsync(new ProspectSearch(Take: 1), Stopping)).Items is [var newest, ..] ? newest : null;
    }

    protected override void OnParametersSet()
    {
        if (_shown is null || _shown == View) return;
        _shown = View;
        _draft = null;
    }

    private void Choose(ProspectRow prospect) => _sample = prospect;

    private async Task EditedAsync(string said)
    {
        _editing = null;
        await SavedAsync(said);
    }

    private async Task SavedAsync(string said)
    {
        _draft = null;
        await ReloadAsync();
        Notices.Say(said);
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
