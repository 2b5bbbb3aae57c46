using Dispatch.Core.Live;
using Dispatch.Core.Numbers;
using Dispatch.Core.People;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>One number: how it is, the one thing to do next, and everything that happened to it. Live.</summary>
public sealed partial class NumberView
{
    private const int PageSize = 50;
    private NumberDetails? _details;
    private IReadOnlyList<NumberEventRow> _events = [];
    private Notices? _notices;
    private long _shown;
    private bool _busy, _more, _opened;

    [Parameter]
    public long Id { get; set; }

    /// <summary>Opens with the code, for links that promise it.</summary>
    [SupplyParameterFromQuery(Name = "code")]
    public bool? CodeParameter { get; set; }

    [Inject]
    public required NumberQueries Queries { get; set; }

    [Inject]
    public required NumberService Numbers { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private NumberRow? Number => _details?.Number;
    private bool IsAdmin => IsInRole(Roles.Admin);

    /// <summary>On its way to a code: the dialog may be opened and waits for it.</summary>
    private bool MayWatch => Number!.State is NumberState.Validated or NumberState.CommandSent or NumberState.Starting or NumberState.Scanned
        || (Number.State == NumberState.WaitingForWorker && Number.Next == NumberButton.None);

    private string NextIcon => Number!.Next switch
    {
        NumberButton.None => "",
        NumberButton.Validate => "check",
        NumberButton.ShowCode or NumberButton.NewCode => "qr_code_2",
        NumberButton.Restart => "restart_alt",
        NumberButton.Move => "move_up",
    };

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Number(Id)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var id = _shown = Id;
        await Time.GetZoneAsync();
        var details = await Queries.FindAsync(id, PageSize, Stopping);
        if (id != Id) return;
        // Older ones that were asked for stay below the newest page; a line that counts on is the one of the newest page.
        var newest = details?.Events ?? [];
        var oldest = newest.Count > 0 ? newest[^1].Id : long.MaxValue;
        var kept = _details?.Number.Id == id ? _events.Where(e => e.Id < oldest).ToList() : [];
        (_details, _events) = (details, [.. newest, .. kept]);
        if (kept.Count == 0) _more = newest.Count == PageSize;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (!Loaded || _shown == Id) return;
        Live?.Add(Topics.Number(Id));
        await ReloadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_opened || CodeParameter != true || Number is null || !IsAdmin) return;
        _opened = true;
        await ShowCodeAsync();
        // Not again at the next reload.
        if (!Stopping.IsCancellationRequested) Navigation.NavigateTo($"/numbers/{Id}", new NavigationOptions { ReplaceHistoryEntry = true });
    }

    private async Task OlderAsync()
    {
        var older = await Queries.EventsAsync(Id, _events[^1].Id, PageSize, Stopping);
        _events = [.. _events, .. older];
        _more = older.Count == PageSize;
    }

    /// <summary>Allowed now, and not what the primary button does already.</summary>
    private bool May(NumberTrigger trigger, params ReadOnlySpan<NumberButton> same) => NumberRules.MayBy(Number!.State, trigger) && !same.Contains(Number.Next);

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
