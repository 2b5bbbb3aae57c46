using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>Which worker takes a number: those with room, the one that Dispatch itself would take chosen already. Closes with its id.</summary>
public sealed partial class WorkerChoice
{
    private const int MaxWorkers = 500;
    private IReadOnlyList<WorkerRow>? _workers;
    private string? _chosen;

    [Parameter, EditorRequired]
    public string Question { get; set; } = "";

    /// <summary>Word of the button.</summary>
    [Parameter, EditorRequired]
    public string Button { get; set; } = "";

    /// <summary>The worker that is to be left; null: none.</summary>
    [Parameter]
    public string? Except { get; set; }

    /// <summary>The id of the worker; null: thought better of it.</summary>
    public static async Task<string?> AskAsync(DialogService dialogs, string title, string question, string button, string? except = null) =>
        await dialogs.OpenAsync<WorkerChoice>(
            title, new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(Question)] = question, [nameof(Button)] = button, [nameof(Except)] = except },
            new DialogOptions { Width = "min(32rem, 96vw)", CloseDialogOnEsc = true }) as string;

    protected override async Task OnInitializedAsync()
    {
        var all = (await Registry.PageAsync(take: MaxWorkers)).Items;
        // One that is down may be named all the same: the order waits for it.
        _workers =
        [
            .. all.Where(w => w.State != WorkerState.Draining && w.Held < w.Capacity && !string.Equals(w.Id, Except, StringComparison.Ordinal))
                .OrderBy(w => w.State).ThenByDescending(w => w.Capacity - w.Held).ThenBy(w => w.Id, StringComparer.Ordinal),
        ];
        _chosen = WorkerRules.Pick(_workers.Select(w => new Worker { Id = w.Id, State = w.State, Held = w.Held, Capacity = w.Capacity }));
    }

    private void Choose()
    {
        if (_chosen is not null) Dialogs.Close(_chosen);
    }
}
