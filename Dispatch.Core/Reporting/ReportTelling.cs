using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Reporting;

/// <summary>A report in words, for a phone. The console has them in two languages.</summary>
public interface IReportSentences
{
    /// <summary>A title, and a line for each thing that changed against the week before; at most 1,000 characters.</summary>
    /// <param name="language">fr or en.</param>
    string Say(Report report, string language);
}

internal sealed class PlainReportSentences : IReportSentences
{
    public string Say(Report report, string language) => $"{report.Head.Kind} {report.Head.First.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} ({language})";
}

/// <summary>A report on its way to people, gathered before the transaction that stores it.</summary>
/// <param name="Messages">The number and the text without its link, which needs the report's id.</param>
internal sealed record ReportNews(MatchingFrame Frame, IReadOnlyList<(string Number, string Text)> Messages);

/// <summary>
/// Tells a new report in the transaction that stores it: a message for each phone and a line for the bell. Whoever stored the report, which a unique index lets one node do, told it; the
/// effect key of each message stands behind that.
/// </summary>
public sealed class ReportTelling(AlertStore alerts, ServiceMessageSender sender, MatchingFrames frames, SettingsService settings, IReportSentences sentences, IOptions<ReportOptions> options)
{
    internal const string MessageKind = "Report";

    /// <summary>Null: nobody is to be told.</summary>
    internal async Task<ReportNews?> PrepareAsync(Report report, bool isNews, CancellationToken cancel)
    {
        if (!isNews || (await settings.ValuesAsync(cancel))(ReportSettings.KeyOf(report.Head.Kind)) == 0) return null;
        var frame = await frames.GetAsync(cancel);
        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        var messages = new List<(string, string)>();
        foreach (var (number, language) in Recipients(frame))
        {
            if (!said.TryGetValue(language, out var text)) said.Add(language, text = sentences.Say(report, language));
            messages.Add((number, text));
        }
        return new ReportNews(frame, messages);
    }

    internal async Task TellAsync(WriteSession session, Report report, ReportNews news, DateTime now)
    {
        var (kind, day) = (report.Head.Kind.ToString(), report.Head.First.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        // The bell has the newest of each kind; the one before has had its time.
        foreach (var before in await session.Db.Alerts.Where(a => a.ResolvedAt == null && a.Kind == AlertKind.Report && a.Subject == kind).Select(a => a.DedupeKey).ToListAsync())
            await alerts.ResolveAsync(session, before, now);
        await alerts.RaiseAsync(session, AlertKind.Report, AlertSeverity.Info, $"report:{kind}:{day}", now, report.Head.Id, kind, day);
        session.Db.ChangeTracker.Clear();
        if (news.Messages.Count == 0) return;
        var link = news.Frame.Settings.PublicAddress is { } address ? string.Create(CultureInfo.InvariantCulture, $"\n{address.AbsoluteUri.TrimEnd('/')}/reports/{report.Head.Id}") : "";
        var ids = await ServiceMessages.QueueAsync(
            session, news.Frame.ChannelId,
            [.. news.Messages.Select(m => new NewServiceMessage(MessageAudience.Admin, MessageKind, m.Number, m.Text + link, $"report:{kind}:{day}:{m.Number}"))], now);
        if (news.Frame.ChannelId is not null) session.AfterCommit(() => sender.Enqueue(ids));
        session.Publish(Topics.Alerts, EventNames.AlertChanged, report.Head.Id);
    }

    /// <summary>Each number once, in its language.</summary>
    private IEnumerable<(string Number, string Language)> Recipients(MatchingFrame frame)
    {
        var standard = frame.Settings.Language;
        var given = options.Value.Recipients is { Length: > 0 } own ? own.Select(r => (r.Number, Language: r.Language ?? standard)) : frame.Settings.AdminNumbers.Select(n => (Number: n, Language: standard));
        return given.Select(g => (Number: PhoneNumbers.Read(g.Number), g.Language)).Where(g => g.Number is not null).Select(g => (g.Number!, g.Language)).DistinctBy(g => g.Item1, StringComparer.Ordinal);
    }
}
