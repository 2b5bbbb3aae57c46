using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Web.Locks;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Board;

/// <summary>Every conversation, filtered by its address. For reading; moving happens on the board.</summary>
public sealed partial class ConversationsPage
{
    private const int PageSize = 50;
    private IReadOnlyList<NamedId> _profiles = [];
    private IReadOnlyList<NamedId> _moderators = [];
    private ConversationPage? _list;
    private LockWatch? _locks;
    private ConversationsView? _shown;

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusParameter { get; set; }

    [SupplyParameterFromQuery(Name = "profile")]
    public long? ProfileParameter { get; set; }

    [SupplyParameterFromQuery(Name = "moderator")]
    public long? ModeratorParameter { get; set; }

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchParameter { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageParameter { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConversationQueries Queries { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private ConversationsView View => ConversationsView.Of(StatusParameter, ProfileParameter, ModeratorParameter, SearchParameter, PageParameter);

    /// <summary>Every message of the house moves this list: looking once in two seconds is enough to watch it.</summary>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(2);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (LockWatch.IsAll(changes))
        {
            await ReadLocksAsync();
            return;
        }
        var view = View;
        _shown = view;
        if (changes.Count == 0)
        {
            _profiles = await Queries.ProfilesAsync(Stopping);
            _moderators = await Queries.ModeratorsAsync(Stopping);
        }
        var list = await Queries.AllAsync(view.Filter, (view.Page - 1) * PageSize, PageSize, Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
        await ReadLocksAsync();
    }

    private Task ReadLocksAsync() => (_locks ??= new LockWatch(Locks)).ReadAsync(Live, _list?.Items.Select(r => r.ContactId) ?? [], Stopping);

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(ConversationsView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private static long? Id(ChangeEventArgs e) => long.TryParse(Value(e), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private string StatusText(string status) => status switch
    {
        ConversationsView.Open => Words["StatusOpen"],
        ConversationsView.Any => Text["All"],
        _ => Sentences.Status(Enum.Parse<ConversationStatus>(status, ignoreCase: true)),
    };
}
