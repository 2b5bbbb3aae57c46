using System.Globalization;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.People;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Rotation;

/// <summary>What two people wanted at once, for those who watch: what happened, who won and why, how long it took; an admin decides what is still open.</summary>
public sealed partial class ConflictsPage
{
    private const int PageSize = 50;
    private IReadOnlyList<ConflictRecord>? _rows;
    private IReadOnlyList<NamedId> _people = [];
    private IReadOnlyDictionary<long, string> _contacts = new Dictionary<long, string>();
    private IReadOnlyDictionary<long, string> _profiles = new Dictionary<long, string>();
    private ConflictsView? _shown;
    private Notices? _notices;
    private int _total, _open;
    private long _busy;

    [SupplyParameterFromQuery(Name = "kind")]
    public string? KindParameter { get; set; }

    [SupplyParameterFromQuery(Name = "moderator")]
    public long? ModeratorParameter { get; set; }

    [SupplyParameterFromQuery(Name = "state")]
    public string? StateParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required ConflictResolutionService Conflicts { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private ConflictsView View => ConflictsView.Of(KindParameter, ModeratorParameter, StateParameter, PageParameter);
    private Notices Notices => _notices ??= new Notices(Clock);
    private bool CanDecide => IsInRole(Roles.Admin);

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        // The board's topic carries every message of the house.
        if (changes.Count > 0 && !changes.Any(c => c.Name == EventNames.ConflictLogged)) return;
        var view = View;
        _shown = view;
        var (rows, total) = await Conflicts.ListAsync((view.Page - 1) * PageSize, PageSize, view.Kind, view.ModeratorId, view.Open, Stopping);
        var open = (await Conflicts.ListAsync(0, 1, open: true, cancel: Stopping)).Total;
        if (_people.Count == 0) _people = await Queries.ModeratorsAsync(Stopping);
        _profiles = (await Queries.ProfilesAsync(Stopping)).ToDictionary(p => p.Id, p => p.Name);
        _contacts = await Queries.ContactTitlesAsync(
            [.. rows.Where(c => c.Kind is ConflictKind.Client or ConflictKind.Initiation).Select(c => c.ResourceId).Distinct()], Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) (_rows, _total, _open) = (rows, total, open);
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(ConflictsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static bool IsOpen(ConflictRecord row) => row.Resolution == ConflictResolution.None;

    private string Title(ConflictRecord row) => (row.Kind switch
    {
        ConflictKind.Client or ConflictKind.Initiation => _contacts.GetValueOrDefault(row.ResourceId),
        ConflictKind.Profile => _profiles.GetValueOrDefault(row.ResourceId),
        ConflictKind.Connection or ConflictKind.Conversation => null,
    }) ?? "";

    /// <summary>How it was settled, by whom is not asked, and how long it took; nothing while it is open.</summary>
    private string Ending(ConflictRecord row) => IsOpen(row) ? ""
        : Say.Resolution(row.Resolution) + (row.DurationMs is { } lasted ? " " + Words["Lasted", Shared.RelativeTime.Length(TimeSpan.FromMilliseconds(lasted), Text)] : "");

    private static string FirstName(string name) => name.Split(' ', 2)[0];

    private async Task GiveAsync(ConflictRecord row)
    {
        if (_busy != 0 || await Dialogs.AskReasonAsync(RotationWords, Title(row), row.WinnerName ?? Words["Somebody"]) is not { } reason) return;
        await DecideAsync(row, ConflictDecision.GiveToLoser, reason);
    }

    private Task LeaveAsync(ConflictRecord row) => DecideAsync(row, ConflictDecision.LeaveIt, null);

    private async Task DecideAsync(ConflictRecord row, ConflictDecision decision, string? reason)
    {
        if (_busy != 0) return;
        _busy = row.Id;
        try
        {
            var outcome = await Conflicts.DecideAsync(row.Id, Me, decision, reason, Stopping);
            Notices.Say(outcome.Result == ResolveResult.Done
                ? decision == ConflictDecision.GiveToLoser ? Words["GivenTo", Title(row), row.LoserName ?? Words["Somebody"]] : Words["LeftWith", row.WinnerName ?? Words["Somebody"]]
                : Say.Refusal(outcome) ?? Words["Resolution_Automatic"]);
        }
        finally
        {
            _busy = 0;
        }
        await ReloadAsync();
    }

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private static long? Id(ChangeEventArgs e) => long.TryParse(Value(e), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private static ConflictKind? KindOf(ChangeEventArgs e) => Enum.TryParse<ConflictKind>(Value(e), out var kind) ? kind : null;

    private static bool? OpenOf(ChangeEventArgs e) => Value(e) switch { "open" => true, "settled" => false, _ => null };

    protected override ValueTask DisposeMoreAsync()
    {
        _notices?.Dispose();
        return ValueTask.CompletedTask;
    }
}
