using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Board;

/// <summary>Everything that waits for somebody, why, and since when; admins and ops may give it to a person.</summary>
public sealed partial class WaitingPage
{
    private const int PageSize = 50;
    private WaitingList? _waiting;
    private WaitingCounts? _counts;
    private LockWatch? _locks;
    private Notices? _notices;
    private int _shownPage;

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required DispatcherOrchestrator Orchestrator { get; set; }

    [Inject]
    public required Sentences Sentences { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    private int PageNumber => Math.Max(PageParameter ?? 1, 1);
    private Notices Notices => _notices ??= new Notices(Clock);

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Waiting];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (!LockWatch.IsAll(changes))
        {
            _shownPage = PageNumber;
            _waiting = await Queries.WaitingAsync(null, (PageNumber - 1) * PageSize, PageSize, Stopping);
            _counts = await Queries.WaitingCountsAsync(Stopping);
        }
        await (_locks ??= new LockWatch(Locks)).ReadAsync(Live, _waiting?.Items.Select(r => r.ContactId) ?? [], Stopping);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shownPage != PageNumber) await ReloadAsync();
    }

    private async Task AssignAsync(WaitingRow row)
    {
        if (await Dialogs.AskTransferAsync(InboxWords, row.Title, row.ProfileId, null, allowReturn: false, "Assign") is not { } choice) return;
        var outcome = await Orchestrator.ApplyAsync(choice, row.Id, Me, supervisor: true, row.OwnerVersion);
        Notices.Say(outcome.Result == ClaimResult.Done
            ? InboxWords["Transferred", row.Title, choice.ToName ?? ""]
            : Sentences.Refusal(outcome, row.Title, choice.ToName ?? ""));
        await ReloadAsync();
    }

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
