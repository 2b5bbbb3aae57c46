using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Live;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Audit;

/// <summary>Who did what, when and to whom: the changes of administrators, and the trails of conversations, bookings, numbers and prospects. Its state is its address.</summary>
public sealed partial class AuditPage
{
    private IReadOnlyList<NamedId> _people = [];
    private Core.Audit.AuditPage? _list;
    private AuditView? _shown;

    [SupplyParameterFromQuery(Name = "trail")]
    public string? TrailParameter { get; set; }

    [SupplyParameterFromQuery(Name = "who")]
    public long? ActorParameter { get; set; }

    [SupplyParameterFromQuery(Name = "what")]
    public string? KindParameter { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    public string? FromParameter { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    public string? ToParameter { get; set; }

    [SupplyParameterFromQuery(Name = "subject")]
    public long? SubjectParameter { get; set; }

    [SupplyParameterFromQuery(Name = "of")]
    public string? OfParameter { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    public long? BeforeParameter { get; set; }

    [Inject]
    public required AuditQueries Queries { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private AuditView View => AuditView.Read(TrailParameter, ActorParameter, KindParameter, FromParameter, ToParameter, SubjectParameter, BeforeParameter, OfParameter);

    /// <summary>A trail is read, not watched: it stands still until somebody asks again.</summary>
    protected override IReadOnlyCollection<string> LiveTopics() => [];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var view = View;
        _shown = view;
        if (_people.Count == 0) _people = await Queries.PeopleAsync(Stopping);
        var zone = await Time.GetZoneAsync();
        var list = await Queries.ListAsync(view.Filter(zone), Stopping);
        // Of two reads that overlap the one for the present filters counts.
        if (view == _shown) _list = list;
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Loaded && _shown != View) await ReloadAsync();
    }

    private void Go(AuditView view) => Navigation.NavigateTo(view.Url, new NavigationOptions { ReplaceHistoryEntry = true });

    private static string Value(ChangeEventArgs e) => e.Value as string ?? "";

    private static string Day(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
}
