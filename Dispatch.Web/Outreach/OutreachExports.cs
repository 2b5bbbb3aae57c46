using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Web.Account;
using Dispatch.Web.Matching;

namespace Dispatch.Web.Outreach;

/// <summary>Prospects and the log as CSV, with the filters of the page they are downloaded from.</summary>
internal static class OutreachExports
{
    private const int PageSize = 500, MaxLines = 100_000;

    public static void MapDispatchOutreachExports(this WebApplication app)
    {
        var exports = app.MapGroup("").RequireAuthorization(Policies.AdminOrOps).ExcludeFromDescription();
        exports.MapGet("/prospects/export.csv", async (
            OutreachQueries queries, string? stage, long? account, string? seq, int? step, string? q, string? sort, TimeProvider clock, CancellationToken cancel) =>
            MatchingExports.File(await ProspectsAsync(queries, ProspectsView.Of(stage, account, seq, q, sort, null, step).Filter, cancel), $"prospects-{Today(clock)}"));
        exports.MapGet("/actions/log/export.csv", async (
            OutreachQueries queries, string? status, long? account, string? action, string? q, string? from, string? to, string? zone, TimeProvider clock, CancellationToken cancel) =>
        {
            var days = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;
            return MatchingExports.File(await LogAsync(queries, LogView.Of(status, account, action, q, from, to, null).Filter(days), cancel), $"actions-{Today(clock)}");
        });
    }

    /// <summary>The first columns are those an import takes.</summary>
    private static async Task<string> ProspectsAsync(OutreachQueries queries, ProspectSearch search, CancellationToken cancel)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "name", "phone", "company", "language", "account", "stage", "stopReason", "sequence", "step", "automatic", "contactedAt", "lastInboundAt", "lastOutboundAt", "next",
            "nextAt", "createdAt", "id");
        for (var skip = 0; skip < MaxLines; skip += PageSize)
        {
            var page = await queries.ProspectsAsync(search with { Skip = skip, Take = PageSize }, cancel);
            foreach (var p in page.Items)
            {
                Csv.AppendRow(csv, p.Name, ProspectNames.Address(p.Address), p.Company, p.Language, p.AccountName, p.Stage.ToString(), p.StopReason?.ToString(), p.Sequence?.ToString(),
                    p.Sequence is null ? null : Number(p.Step), p.Automatic ? "true" : "false", Time(p.ContactedAt), Time(p.LastInboundAt), Time(p.LastOutboundAt), p.NextKind, Time(p.NextAt),
                    Time(p.CreatedAt), Number(p.Id));
            }
            if (page.Items.Count < PageSize) break;
        }
        return csv.ToString();
    }

    private static async Task<string> LogAsync(OutreachQueries queries, LogSearch search, CancellationToken cancel)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "at", "action", "status", "account", "prospect", "prospectId", "attempt", "providerMessageId", "error", "actionId", "id");
        for (var skip = 0; skip < MaxLines; skip += PageSize)
        {
            var page = await queries.LogAsync(search with { Skip = skip, Take = PageSize }, cancel);
            foreach (var l in page.Items)
            {
                Csv.AppendRow(csv, Time(l.At), l.Action, l.Status.ToString(), l.AccountName, l.ProspectName, Number(l.ProspectId), Number(l.Attempt), l.ProviderMessageId, l.Error,
                    Number(l.ActionId), Number(l.Id));
            }
            if (page.Items.Count < PageSize) break;
        }
        return csv.ToString();
    }

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTime? utc) => utc?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Today(TimeProvider clock) => clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
