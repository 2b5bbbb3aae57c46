using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Web.Outreach;

namespace Dispatch.Web.Audit;

/// <summary>The filters of the trails, as the address says them.</summary>
/// <param name="Kind">A word of the trail's kinds; empty: all.</param>
/// <param name="From">The first day, in the reader's zone.</param>
/// <param name="To">The last day, in it.</param>
/// <param name="Subject">One conversation, booking, number, prospect; of changes whatever was changed.</param>
/// <param name="Of">Of changes: only those of such.</param>
/// <param name="Before">Only what is older than this entry.</param>
public sealed record AuditView(AuditTrail Trail, long? Actor, string Kind, DateOnly? From, DateOnly? To, long? Subject, long? Before, AuditSubject? Of = null)
{
    public const int PageSize = 50;
    private const string Path = "/audit";

    public static AuditView Read(string? trail, long? actor, string? kind, string? from, string? to, long? subject, long? before, string? of = null)
    {
        var known = OutreachUrl.Word<AuditTrail>(trail) ?? AuditTrail.Changes;
        return new(
            known, actor is > 0 ? actor : null, AuditQueries.Kinds(known).FirstOrDefault(k => string.Equals(k, kind, StringComparison.OrdinalIgnoreCase)) ?? "", OutreachUrl.Day(from), OutreachUrl.Day(to),
            subject is > 0 ? subject : null, before is > 0 ? before : null, known == AuditTrail.Changes ? OutreachUrl.Word<AuditSubject>(of) : null);
    }

    public bool IsNarrowed => Actor is not null || Kind.Length > 0 || From is not null || To is not null || Subject is not null || Of is not null;

    public AuditSearch Filter(TimeZoneInfo zone) => new(Trail, Actor, Kind, Start(From, 0, zone), Start(To, 1, zone), Subject, Before, PageSize, Of);

    public string Url => Address(Path).Add("before", Before).ToString();

    /// <param name="zone">The reader's, for his days.</param>
    public string CsvUrl(TimeZoneInfo zone) => Address(Path + "/export.csv").Add("zone", From is null && To is null ? null : zone.Id).ToString();

    private OutreachUrl Address(string path) => new OutreachUrl(path).Add("trail", Trail == AuditTrail.Changes ? null : Trail.ToString().ToLowerInvariant()).Add("who", Actor)
        .Add("what", Kind.ToLowerInvariant()).Add("of", Of?.ToString().ToLowerInvariant()).Add("subject", Subject).Add("from", From).Add("to", To);

    /// <summary>UTC; an hour that a change of clocks leaves out is the one after it.</summary>
    private static DateTime? Start(DateOnly? day, int after, TimeZoneInfo zone)
    {
        if (day is not { } given || given.Year is < 2000 or > 9000) return null;
        var local = given.AddDays(after).ToDateTime(default, DateTimeKind.Unspecified);
        return TimeZoneInfo.ConvertTimeToUtc(zone.IsInvalidTime(local) ? local.AddHours(1) : local, zone);
    }

    public static string Number(long id) => id.ToString(CultureInfo.InvariantCulture);
}
