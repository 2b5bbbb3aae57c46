using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Audit;

/// <summary>The lines of the trails in the reader's language, and where each one's subject is.</summary>
public sealed class AuditWords(
    IStringLocalizer<Resources.Audit> words, IStringLocalizer<Resources.Inbox> inbox, IStringLocalizer<Resources.Numbers> numbers, IStringLocalizer<Resources.Outreach> outreach,
    IStringLocalizer<Resources.Settings> settings, IStringLocalizer<Resources.Drivers> drivers)
{
    public string Kind(AuditTrail trail, string kind) => trail switch
    {
        AuditTrail.Changes => words["Audit_" + kind],
        AuditTrail.Conversations => words["Conversation_" + kind],
        AuditTrail.Bookings => words["Booking_" + kind],
        AuditTrail.Numbers => numbers["Event_" + kind],
        AuditTrail.Outreach => outreach["Status_" + kind],
    };

    /// <summary>What it is about, as people call it.</summary>
    public string Subject(AuditTrail trail, AuditRow row) => trail switch
    {
        AuditTrail.Changes when row.Subject == AuditSubject.Setting && settings["Setting_" + row.Name] is { ResourceNotFound: false } known => known,
        AuditTrail.Changes when row.Subject == AuditSubject.Contact => words["Contact", row.SubjectId ?? 0],
        AuditTrail.Changes when row.Subject == AuditSubject.Prospect => words["Prospect", row.SubjectId ?? 0],
        AuditTrail.Changes when row.Kind == nameof(AuditKind.DriversImported) => words["Drivers"],
        _ => string.IsNullOrEmpty(row.Name) ? words["Nameless", row.SubjectId ?? 0] : row.Name,
    };

    public string? Reason(AuditTrail trail, AuditRow row) => trail switch
    {
        AuditTrail.Conversations => row.Reason is null or nameof(DecisionReason.None) ? null : inbox["Reason_" + row.Reason].Value,
        AuditTrail.Numbers => row.Reason is { } reason && numbers["Reason_" + reason] is { ResourceNotFound: false } known ? known.Value : null,
        AuditTrail.Outreach => row.Reason is { } error ? outreach["Error_" + error] is { ResourceNotFound: false } known ? known.Value : error : null,
        AuditTrail.Bookings => row.Reason,
        AuditTrail.Changes => row.Hash is { } hash ? words["Hash", hash].Value : null,
    };

    /// <summary>From what to what.</summary>
    public string? Change(AuditTrail trail, AuditRow row)
    {
        var (from, to) = trail switch
        {
            AuditTrail.Numbers => (numbers["State_" + row.From].Value, numbers["State_" + row.To].Value),
            AuditTrail.Changes when row.Kind is nameof(AuditKind.DriverAdded) or nameof(AuditKind.DriverStatusChanged) => (DriverStatus(row.From), DriverStatus(row.To)),
            _ => (row.From, row.To),
        };
        if (trail == AuditTrail.Changes && row.Kind == nameof(AuditKind.ProspectStopped)) return to is null ? null : outreach["Stop_" + to].Value;
        if (trail == AuditTrail.Changes && row.Kind is nameof(AuditKind.TemplateChanged) or nameof(AuditKind.OutreachTextChanged)) return to is null ? null : words["BackToStandard"].Value;
        return (from, to) switch
        {
            (null, null) => null,
            (null, _) => to,
            (_, null) => from + " →",
            _ when string.Equals(from, to, StringComparison.Ordinal) => from,
            _ => $"{from} → {to}",
        };
    }

    private string? DriverStatus(string? status) => status is null ? null : drivers["Status_" + status].Value;

    /// <summary>Where one sees why; null: there is no page.</summary>
    public static string? Href(AuditTrail trail, AuditRow row) => trail switch
    {
        AuditTrail.Conversations => $"/conversations/{AuditView.Number(row.SubjectId ?? 0)}",
        AuditTrail.Bookings => $"/bookings/{AuditView.Number(row.SubjectId ?? 0)}",
        AuditTrail.Numbers => $"/numbers/{AuditView.Number(row.SubjectId ?? 0)}",
        AuditTrail.Outreach => $"/prospects/{AuditView.Number(row.SubjectId ?? 0)}",
        AuditTrail.Changes => row.Subject switch
        {
            AuditSubject.Setting => "/settings",
            AuditSubject.Channel or AuditSubject.Profile => "/profiles",
            AuditSubject.Person => "/people",
            AuditSubject.Template or AuditSubject.OutreachText => "/templates",
            AuditSubject.Sequence => "/sequences",
            AuditSubject.Account => "/accounts",
            AuditSubject.Driver => row.SubjectId is { } driver ? $"/drivers/{AuditView.Number(driver)}" : "/drivers",
            AuditSubject.Prospect => $"/prospects/{AuditView.Number(row.SubjectId ?? 0)}",
            _ => null,
        },
    };
}
