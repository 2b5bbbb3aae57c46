using Dispatch.Core.Broker;
using Dispatch.Core.Live;
using Dispatch.Core.Numbers;
using Dispatch.Core.People;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>Who holds the numbers: state, room, sign of life; adding, draining, resuming. Live.</summary>
public sealed partial class WorkersPage
{
    private const int PageSize = 60;
    private WorkerPage? _list;
    private Notices? _notices;
    private int _dead, _shown;
    private bool _busy;

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required WorkerService Registry { get; set; }

    [Inject]
    public required DeadLetters Letters { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private bool IsAdmin => IsInRole(Roles.Admin);
    private int PageNumber => Math.Max(PageParameter ?? 1, 1);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    // Numbers too: each that leaves a draining worker is one less.
    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Workers, Topics.Numbers, Topics.Broker];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var page = _shown = PageNumber;
        await Time.GetZoneAsync();
        var list = await Registry.PageAsync(null, (page - 1) * PageSize, PageSize, Stopping);
        var dead = IsAdmin ? await Letters.CountOpenAsync(Stopping) : 0;
        if (page == _shown) (_list, _dead) = (list, dead);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != PageNumber) await ReloadAsync();
    }

    private Task AddAsync() => DoAsync(async () => await WorkerForm.AskAsync(Dialogs, Words["AddWorker"]) is { } id ? Words["WorkerAdded", id].Value : null);

    private Task SetCapacityAsync(WorkerRow worker) => DoAsync(async () =>
        await WorkerForm.AskAsync(Dialogs, Words["CapacityOf", worker.Id], worker) is not null ? Words["CapacityChanged", worker.Id].Value : null);

    private Task DrainAsync(WorkerRow worker) => DoAsync(async () =>
    {
        if (await Dialogs.Confirm(
            Plural.Of(Words, "DrainAsk", worker.Held, worker.Id), Words["Drain"], new ConfirmOptions { OkButtonText = Words["Drain"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true)
            return null;
        return Say.Refusal(await Registry.DrainAsync(worker.Id, Stopping)) ?? Words["Draining", worker.Id];
    });

    private Task ResumeAsync(WorkerRow worker) => DoAsync(async () => Say.Refusal(await Registry.ResumeAsync(worker.Id, Stopping)) ?? Words["Resumed", worker.Id]);

    private async Task DoAsync(Func<Task<string?>> action)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            var said = await action();
            await ReloadAsync();
            Notices.Say(said);
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException)
        {
            // the page is left
        }
        finally
        {
            _busy = false;
        }
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
