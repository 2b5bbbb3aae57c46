using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Outreach;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>One prospect: where he is, what is planned, everything that happened. Live.</summary>
public sealed partial class ProspectView
{
    private ProspectDetails? _details;
    private IReadOnlyList<HistoryItem> _history = [];
    private IReadOnlyList<ActionRow> _open = [];
    private Notices? _notices;
    private long _shown;
    private bool _busy;

    /// <summary>His provider wants an invitation before the first contact.</summary>
    private bool _invites;

    [Parameter]
    public long Id { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required ProspectService Prospects { get; set; }

    [Inject]
    public required Actions Actions { get; set; }

    [Inject]
    public required ActionBulk Bulk { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    private Notices Notices => _notices ??= new Notices(Clock);
    private ProspectRow? Prospect => _details?.Prospect;
    private bool IsStopped => Prospect!.Stage == ProspectStage.Stopped;

    /// <summary>Nothing was sent to him, and nothing is on its way.</summary>
    private bool MayContact => Prospect is { Stage: ProspectStage.New or ProspectStage.Invited, ContactedAt: null }
        && !_details!.Actions.Any(a => a.Kind == (_invites ? ActionKinds.Invitation : ActionKinds.FirstContact));

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    // What he writes is signalled without his id: the sender of a message is found by its address.
    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Prospect(Id), Topics.Outreach];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (Loaded && changes.Count > 0 && _shown == Id && !changes.Any(Concerns)) return;
        var id = _shown = Id;
        var details = await Queries.DetailsAsync(id, Stopping);
        var invites = details is not null && await Actions.NeedsInvitationAsync(id, details.Prospect.AccountId, Stopping);
        if (id != Id) return;
        _invites = invites;
        (_details, _history, _open) = (details, details is null ? [] : ProspectHistory.Build(details), details is null ? [] : ProspectHistory.Open(details));
    }

    protected override async Task OnParametersSetAsync()
    {
        if (!Loaded || _shown == Id) return;
        Live?.Add(Topics.Prospect(Id));
        await ReloadAsync();
    }

    /// <summary>His own; of the others only what changes his forecast: the account, and what leaves of it.</summary>
    private bool Concerns(LiveEvent change) => change.Topic == Topics.Prospect(Id)
        || (change.Name == EventNames.ProspectChanged && change.Id == 0)
        || (change.Name != EventNames.ProspectChanged && (change.Id == 0 || change.Id == Prospect?.AccountId) && _open.Count > 0);

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
