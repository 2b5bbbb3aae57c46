using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Web.Browser;
using Dispatch.Web.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

/// <summary>The steps of one sequence as they are typed; each error stands beside its field, and what somebody else saved meanwhile is not overwritten.</summary>
public sealed partial class SequenceEditor
{
    private readonly List<StepDraft> _steps = [];
    private IReadOnlyList<FieldError> _errors = [];
    private string? _said;
    private bool _busy;

    /// <summary>As it was read.</summary>
    [Parameter, EditorRequired]
    public required SequencePlan Plan { get; set; }

    /// <summary>Kinds that have a text which a step may use.</summary>
    [Parameter, EditorRequired]
    public required IReadOnlyCollection<string> Texts { get; set; }

    [Parameter]
    public long Me { get; set; }

    /// <summary>With the sentence to say.</summary>
    [Parameter]
    public EventCallback<string> OnSaved { get; set; }

    [Parameter]
    public EventCallback OnDropped { get; set; }

    [Inject]
    public required SequencePlans Plans { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    /// <summary>Monday first.</summary>
    private static IReadOnlyList<string> DayNames =>
        [.. Enumerable.Range(0, 7).Select(i => CultureInfo.CurrentCulture.DateTimeFormat.GetAbbreviatedDayName((DayOfWeek)((i + 1) % 7)))];

    private List<FollowupStep> Read() => _steps.ConvertAll(s => s.Read());

    protected override void OnInitialized() => _steps.AddRange(Plan.Steps.Select(StepDraft.Of));

    private void Add() => _steps.Add(new StepDraft());

    private void Remove(StepDraft step)
    {
        _steps.Remove(step);
        Touch();
    }

    /// <summary>An error goes as soon as it is mended; a new one is said on saving.</summary>
    private void Touch()
    {
        if (_errors.Count > 0) _errors = SequenceRules.Check(Plan.Letter, Read(), Texts.Contains);
    }

    private string? Error(int step, string field) => FieldWords.Of(Words, [.. _errors.Where(e => e.Field == Name(step, field)).Select(e => e with { Field = field })], field);

    private string? Invalid(int step, string field) => Error(step, field) is null ? null : "true";

    private static string Name(int step, string field) => string.Create(CultureInfo.InvariantCulture, $"steps[{step}].{field}");

    private async Task SaveAsync()
    {
        if (_busy) return;
        (_busy, _said) = (true, null);
        try
        {
            var outcome = await Plans.SetAsync(Plan.Letter, Read(), Plan.Version, Me);
            _errors = outcome.Errors;
            if (outcome.Result == SequenceResult.Done) await OnSaved.InvokeAsync(Words["SequenceSaved", Plan.Letter]);
            else if (outcome.Result == SequenceResult.ChangedMeanwhile) _said = Words["SequenceChangedMeanwhile"];
            else if (Enumerable.Range(0, _steps.Count).SelectMany(_ => Fields, (n, field) => (n, field)).FirstOrDefault(x => Error(x.n, x.field) is not null) is { field: not null } first)
                await Browser.FocusAsync(string.Create(CultureInfo.InvariantCulture, $"#step-{Plan.Letter}-{first.n}-{first.field}"));
        }
        finally
        {
            _busy = false;
        }
    }

    private static readonly string[] Fields = ["delay", "to", "template"];
}
