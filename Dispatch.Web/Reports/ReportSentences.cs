using System.Globalization;
using Dispatch.Core.Reporting;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Reports;

/// <summary>A report for a phone, in the language that is asked for and not in that of whoever is looking: its days, and what changed.</summary>
internal sealed class ReportSentences(IStringLocalizer<Resources.Reports> words, IStringLocalizer<Resources.Text> text) : IReportSentences
{
    private const int MostSentences = 5, MostCharacters = 1000;
    private readonly ReportWords _words = new(words, text);

    public string Say(Report report, string language)
    {
        var (before, beforeUi) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
            var said = _words.Sentences(report);
            var lines = new List<string> { words[report.Head.Kind == ReportKind.Daily ? "PhoneDaily" : "PhoneWeekly", _words.Title(report.Head)], words["PhoneChanges"] };
            lines.AddRange(said.Take(MostSentences).Select(s => "- " + s));
            if (said.Count > MostSentences) lines.Add(words["PhoneMore"]);
            var all = string.Join('\n', lines);
            return all.Length <= MostCharacters ? all : all[..MostCharacters];
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, beforeUi);
        }
    }
}
