using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Web.Account;

namespace Dispatch.Web.Matching;

/// <summary>Lists and reports as CSV, with the filters of the page they are downloaded from.</summary>
internal static class MatchingExports
{
    public static void MapDispatchMatchingExports(this WebApplication app)
    {
        var exports = app.MapGroup("").RequireAuthorization(Policies.AdminOrOps).ExcludeFromDescription();
        exports.MapGet("/drivers/export.csv", async (DriverService drivers, string? status, string? zone, string? q, TimeProvider clock, CancellationToken cancel) =>
            File(await drivers.ExportCsvAsync(DriversView.Of(status, zone, q, null).Filter, cancel), $"drivers-{Today(clock)}"));
        exports.MapGet("/bookings/export.csv", async (
            BookingExport bookings, string? status, string? zone, long? driver, string? q, string? sort, TimeProvider clock, CancellationToken cancel) =>
            File(await bookings.CsvAsync(BookingsView.Of(status, zone, driver, q, sort, null).Filter, cancel), $"bookings-{Today(clock)}"));
        exports.MapGet("/matching/report.csv", async (MetricsService metrics, MatchingFrames frames, string? kind, string? day, TimeProvider clock, CancellationToken cancel) =>
        {
            var view = ReportView.Of(kind, day, ReportPage.Today(clock, frames));
            var csv = view.Weekly ? ReportCsv.Of(await metrics.GenerateWeeklyReportAsync(view.Day, cancel)) : ReportCsv.Of(await metrics.GenerateDailyReportAsync(view.Day, cancel));
            return File(csv, $"matching-{(view.Weekly ? "week-" : "")}{view.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}");
        });
    }

    /// <summary>With a byte order mark: without one spreadsheets take UTF-8 for something else.</summary>
    public static IResult File(string csv, string name) => Results.File([.. Encoding.UTF8.GetPreamble(), .. Encoding.UTF8.GetBytes(csv)], "text/csv; charset=utf-8", name + ".csv");

    private static string Today(TimeProvider clock) => clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
