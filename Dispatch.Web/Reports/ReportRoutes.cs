using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Core.Reporting;
using Dispatch.Web.Account;
using Dispatch.Web.Matching;

namespace Dispatch.Web.Reports;

internal static class ReportRoutes
{
    public static void AddDispatchReportPages(this IServiceCollection services) => services.AddScoped<ReportWords>();

    public static void MapDispatchReports(this WebApplication app) => app.MapGet("/reports/{id:long}/report.csv", async (long id, ReportService reports, CancellationToken cancel) =>
            await reports.FindAsync(id, cancel) is { } report
                ? MatchingExports.File(Text(report), $"{report.Head.Kind.ToString().ToLowerInvariant()}-{report.Head.First.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}") : Results.NotFound())
        .RequireAuthorization(Policies.AdminOrOps).ExcludeFromDescription();

    /// <summary>Section, name, figure, value: one value a line, so that any tool can pivot it.</summary>
    private static string Text(Report report)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "section", "name", "figure", "value");
        Add(csv, "total", report.Body.Now);
        if (report.Body.Before is { } before) Add(csv, "weekBefore", before);
        foreach (var p in report.Body.People)
        {
            foreach (var (figure, value) in new (string, double?)[] { ("id", p.Id), ("received", p.Received), ("answers", p.Answers), ("answerSecondsMedian", p.Answer), ("missed", p.Missed) })
                Csv.AppendRow(csv, "moderator", p.Name, figure, Number(value));
        }
        return csv.ToString();
    }

    private static void Add(StringBuilder csv, string section, ReportFigures f)
    {
        foreach (var (figure, value) in new (string, double?)[]
            {
                ("messages", f.Messages), ("opened", f.Opened), ("closed", f.Closed), ("reassigned", f.Reassigned), ("pending", f.Pending), ("answerSecondsMedian", f.Answer),
                ("answerSecondsP95", f.SlowAnswer), ("resolutionSecondsMedian", f.Resolution), ("searches", f.Searches), ("matches", f.Matches), ("timeouts", f.Timeouts),
                ("numbersConnected", f.NumbersConnected), ("numbersLost", f.NumbersLost), ("sent", f.Sent), ("failed", f.Failed),
            })
            Csv.AppendRow(csv, section, "", figure, Number(value));
    }

    private static string Number(double? value) => value?.ToString("0.####", CultureInfo.InvariantCulture) ?? "";
}
