using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Web.Account;
using Dispatch.Web.Matching;

namespace Dispatch.Web.Numbers;

/// <summary>The list of numbers as CSV, with the filters of the page. No code is among what it reads.</summary>
internal static class NumberExports
{
    private const int PageSize = 500, MaxLines = 100_000;

    public static void MapDispatchNumberExports(this WebApplication app) =>
        app.MapGet("/numbers/export.csv", async (NumberQueries numbers, string? state, string? worker, string? q, string? sort, TimeProvider clock, CancellationToken cancel) =>
            MatchingExports.File(
                await CsvAsync(numbers, NumbersView.Of(state, worker, q, sort, null).Filter, cancel), "numbers-" + clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))
            .RequireAuthorization(Policies.AdminOrOps).ExcludeFromDescription();

    private static async Task<string> CsvAsync(NumberQueries numbers, NumberSearch search, CancellationToken cancel)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "id", "client", "phone", "state", "stateSince", "reason", "code", "health", "healthAt", "worker", "generation", "lastEvent", "lastEventAt", "createdAt");
        for (var skip = 0; skip < MaxLines; skip += PageSize)
        {
            var page = await numbers.ListAsync(search with { Skip = skip, Take = PageSize }, cancel);
            foreach (var n in page.Items)
            {
                Csv.AppendRow(csv, Number(n.Id), n.ClientName, PhoneNumbers.Show(n.Phone), n.State.ToString(), Time(n.StateSince), n.Reason.ToString(), n.Code is { } code ? Number(code) : null,
                    n.Health.ToString(), Time(n.HealthAt), n.WorkerId, Number(n.Generation), n.LastEvent?.ToString(), Time(n.LastEventAt), Time(n.CreatedAt));
            }
            if (page.Items.Count < PageSize) break;
        }
        return csv.ToString();
    }

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static string? Time(DateTime? utc) => utc?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
