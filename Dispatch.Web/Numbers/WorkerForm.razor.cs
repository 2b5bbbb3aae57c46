using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>Adds a worker, or changes how many numbers one may hold. Closes with its id when it is stored, with null when given up.</summary>
public sealed partial class WorkerForm
{
    private const int UsualCapacity = 50;
    private string _id = "", _virtualHost = "";
    private WorkerMode _mode = WorkerMode.Routed;
    private int? _capacity = UsualCapacity;
    private WorkerResult _result;
    private string? _refused;
    private bool _left, _saving;

    /// <summary>Null: a new one.</summary>
    [Parameter]
    public WorkerRow? Worker { get; set; }

    private string? IdError => _result == WorkerResult.Duplicate && string.Equals(_refused, _id, StringComparison.Ordinal) ? Say.Refusal(_result)
        : _left && !WorkerRules.IsId(_id.Trim()) ? Say.Refusal(WorkerResult.BadId) : null;

    private string? CapacityError => _capacity is { } n && WorkerRules.IsCapacity(n) ? null : Say.Refusal(WorkerResult.BadCapacity);

    public static async Task<string?> AskAsync(DialogService dialogs, string title, WorkerRow? worker = null) => await dialogs.OpenAsync<WorkerForm>(
        title, new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(Worker)] = worker }, new DialogOptions { Width = "min(30rem, 96vw)", CloseDialogOnEsc = true }) as string;

    protected override void OnInitialized()
    {
        if (Worker is not null) _capacity = Worker.Capacity;
    }

    /// <summary>What was refused is being changed.</summary>
    private void Retry() => _result = WorkerResult.Done;

    private async Task SaveAsync()
    {
        if (_saving) return;
        _left = true;
        var id = Worker?.Id ?? _id.Trim();
        if (!WorkerRules.IsId(id) || CapacityError is not null)
        {
            await Browser.FocusAsync(WorkerRules.IsId(id) ? "#worker-capacity" : "#worker-id");
            return;
        }
        _saving = true;
        try
        {
            _result = Worker is null
                ? await Registry.RegisterAsync(id, _mode, _capacity!.Value, _mode == WorkerMode.Legacy ? _virtualHost : null)
                : await Registry.SetCapacityAsync(id, _capacity!.Value);
            _refused = _id;
            if (_result == WorkerResult.Done) Dialogs.Close(id);
            else await Browser.FocusAsync(_result is WorkerResult.Duplicate or WorkerResult.BadId ? "#worker-id" : "#worker-host");
        }
        finally
        {
            _saving = false;
        }
    }
}
