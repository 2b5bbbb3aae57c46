using System.Globalization;
using Dispatch.Core.Reporting;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Reports;

/// <summary>A report in the reader's language: its figures, and what changed in words.</summary>
public sealed class ReportWords(IStringLocalizer<Resources.Reports> words, IStringLocalizer<Resources.Text> text)
{
    /// <summary>A change below this says nothing.</summary>
    private const int Notable = 5;

    private sealed record Figure(string Key, Func<ReportFigures, double?> Value, bool? Better, bool IsTime = false);

    private static readonly Figure[] Figures =
    [
        new("Messages", f => f.Messages, null), new("Opened", f => f.Opened, null), new("Closed", f => f.Closed, null), new("Reassigned", f => f.Reassigned, false),
        new("Pending", f => f.Pending, false), new("Answer", f => f.Answer, false, true), new("SlowAnswer", f => f.SlowAnswer, false, true), new("Resolution", f => f.Resolution, false, true),
        new("Searches", f => f.Searches, null), new("Matches", f => f.Matches, true), new("Timeouts", f => f.Timeouts, false), new("NumbersConnected", f => f.NumbersConnected, true),
        new("NumbersLost", f => f.NumbersLost, false), new("Sent", f => f.Sent, null), new("Failed", f => f.Failed, false),
    ];

    /// <summary>Names of the figures, for the check that all have words.</summary>
    internal static IEnumerable<string> Keys => Figures.Select(f => f.Key);

    public string Title(ReportHead head) => head.Kind == ReportKind.Daily
        ? words["DayOf", head.First.ToString("D", CultureInfo.CurrentCulture)] : words["WeekOf", head.First.ToString("D", CultureInfo.CurrentCulture)];

    public IReadOnlyList<(string Name, string Now, string Before)> Lines(ReportBody body) =>
        [.. Figures.Select(f => (words["Figure_" + f.Key].Value, Show(f, f.Value(body.Now)), body.Before is { } before ? Show(f, f.Value(before)) : "-"))];

    /// <summary>What is worth saying against the same days a week before.</summary>
    public IReadOnlyList<string> Sentences(Report report)
    {
        if (report.Body.Before is not { } before) return [words["NoWeekBefore"]];
        var said = new List<string>();
        foreach (var figure in Figures)
        {
            if (ReportRules.Change(figure.Value(report.Body.Now), figure.Value(before), figure.Better) is not { } change || change.Now == change.Before) continue;
            if (change.Percent is { } percent && Math.Abs(percent) < Notable) continue;
            var name = words["Figure_" + figure.Key].Value;
            var sentence = change.Percent is { } p
                ? words[p > 0 ? "Up" : "Down", name, Show(figure, change.Now), Math.Abs(p), Show(figure, change.Before)] : words["FromNothing", name, Show(figure, change.Now)];
            said.Add(change.Better is { } better ? $"{sentence} {words[better ? "Better" : "Worse"]}" : sentence);
        }
        return said.Count > 0 ? said : [words["LikeBefore"]];
    }

    public string Length(double? seconds) => seconds is { } s ? RelativeTime.Length(TimeSpan.FromSeconds(s), text) : "-";

    private string Show(Figure figure, double? value) => value is not { } known ? "-" : figure.IsTime ? Length(known) : known.ToString("N0", CultureInfo.CurrentCulture);
}
