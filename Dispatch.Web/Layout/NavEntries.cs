using Dispatch.Web.Account;

namespace Dispatch.Web.Layout;

/// <summary>A line of the menu.</summary>
/// <param name="Word">Its key in <see cref="Resources.Text"/>.</param>
/// <param name="Policy">Who sees it.</param>
/// <param name="Exact">Lit on this very address only, not on what lies under it.</param>
public sealed record NavEntry(string Href, string Icon, string Word, string Policy, bool Exact = false);

/// <summary>The whole menu in its order: one line per page. On a phone the first ones a person may see stand in the bottom bar, the others behind "More".</summary>
public static class NavEntries
{
    /// <summary>So many fit beside "More" at 320 px.</summary>
    public const int InBar = 4;

    public static IReadOnlyList<NavEntry> All { get; } =
    [
        new("/", "inbox", "Inbox", Policies.Moderator, Exact: true),
        new("/queue", "format_list_numbered", "Queue", Policies.Moderator),
        new("/history", "history", "History", Policies.Moderator),
        new("/overview", "monitoring", "Overview", Policies.AdminOrOps),
        new("/board", "view_kanban", "Board", Policies.AdminOrOps),
        new("/rotation", "swap_horiz", "Rotation", Policies.AdminOrOps),
        new("/conversations", "forum", "Conversations", Policies.AdminOrOps),
        new("/waiting", "hourglass_top", "Waiting", Policies.AdminOrOps),
        new("/alerts", "notifications", "Alerts", Policies.AdminOrOps),
        new("/ops/health", "monitor_heart", "Health", Policies.AdminOrOps),
        new("/reports", "summarize", "Reports", Policies.AdminOrOps),
        new("/bookings", "confirmation_number", "Bookings", Policies.AdminOrOps),
        new("/matchings", "radar", "Matchings", Policies.AdminOrOps),
        new("/drivers", "local_taxi", "Drivers", Policies.AdminOrOps),
        new("/prospects", "person_search", "Prospects", Policies.AdminOrOps),
        new("/sequences", "linear_scale", "Sequences", Policies.AdminOrOps),
        new("/actions", "schedule_send", "Actions", Policies.AdminOrOps),
        new("/accounts", "outgoing_mail", "Accounts", Policies.AdminOrOps),
        new("/clients", "storefront", "Clients", Policies.Admin),
        new("/numbers", "smartphone", "Numbers", Policies.AdminOrOps),
        new("/workers", "dns", "Workers", Policies.AdminOrOps),
        new("/people", "group", "People", Policies.Admin),
        new("/profiles", "badge", "Profiles", Policies.Admin),
        new("/templates", "sms", "Templates", Policies.Admin),
        new("/settings", "tune", "Settings", Policies.Admin),
        new("/audit", "policy", "Audit", Policies.Admin),
    ];
}
