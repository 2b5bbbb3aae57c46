using System.Globalization;
using System.Text;
using Dispatch.Core.Audit;
using Dispatch.Core.Matching;
using Dispatch.Web.Account;
using Dispatch.Web.Matching;

namespace Dispatch.Web.Audit;

internal static class AuditRoutes
{
    private const int MaxLines = 100_000;

    public static void AddDispatchAuditPages(this IServiceCollection services) => services.AddScoped<AuditWords>();

    /// <summary>A trail as CSV, with the filters of the page it is downloaded from.</summary>
    public static void MapDispatchAudit(this WebApplication app) => app.MapGet("/audit/export.csv", async (
        AuditQueries queries, string? trail, long? who, string? what, string? from, string? to, long? subject, string? of, string? zone, TimeProvider clock, CancellationToken cancel) =>
    {
        var days = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;
        var view = AuditView.Read(trail, who, what, from, to, subject, null, of);
        return MatchingExports.File(
            await CsvAsync(queries, view.Filter(days), cancel), $"audit-{view.Trail.ToString().ToLowerInvariant()}-{clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}");
    }).RequireAuthorization(Policies.Admin).ExcludeFromDescription();

    private static async Task<string> CsvAsync(AuditQueries queries, AuditSearch search, CancellationToken cancel)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "at", "actorId", "actor", "kind", "subject", "subjectId", "name", "from", "to", "reason", "hash", "id");
        var (lines, next) = (0, search with { Take = AuditQueries.MaxPageSize });
        while (lines < MaxLines)
        {
            var page = await queries.ListAsync(next, cancel);
            foreach (var r in page.Items)
            {
                Csv.AppendRow(csv, r.At.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), Number(r.ActorId), r.Actor, r.Kind, r.Subject?.ToString() ?? search.Trail.ToString(),
                    Number(r.SubjectId), r.Name, r.From, r.To, r.Reason, r.Hash, Number(r.Id));
            }
            lines += page.Items.Count;
            if (page.Next is not { } before) break;
            next = next with { Before = before };
        }
        return csv.ToString();
    }

    private static string? Number(long? n) => n?.ToString(CultureInfo.InvariantCulture);
}
