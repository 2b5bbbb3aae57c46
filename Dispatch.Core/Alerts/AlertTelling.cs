using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Alerts;

/// <summary>
/// Decides who is told what of an alert (<see cref="TellingRules"/>) and writes it down: posts for the webhook into <see cref="AlertDelivery"/>, messages for phones into service messages, in the
/// transaction that marks the alert as told. The mark is a guarded update, so of two nodes that decide at once one tells.
/// </summary>
public sealed class AlertTelling(
    Database database, MatchingFrames frames, ServiceMessageSender sender, IAlertSentences sentences, DeliverySignal signal, IOptions<AlertOptions> options)
{
    internal const string MessageKind = "Alert";
    private const int AtOnce = 100;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    /// <summary>Returns how many pieces of news were told.</summary>
    public async Task<int> RunOnceAsync(AlertSettings limits, DateTime now, CancellationToken cancel = default)
    {
        var frame = await frames.GetAsync(cancel);
        List<Alert> open, closed;
        Dictionary<string, int> beginnings;
        await using (var db = database.Read())
        {
            // Two questions, and what may have to wait for the morning last: news that nobody is to be told must never stand before news that somebody is.
            open = await db.Alerts.Where(a => a.ResolvedAt == null && a.ToldAt == null)
                .OrderBy(a => a.Severity == AlertSeverity.Warning).ThenBy(a => a.Id).Take(AtOnce).ToListAsync(cancel);
            var before = now - limits.EscalateAfter;
            open.AddRange(await db.Alerts
                .Where(a => a.ResolvedAt == null && a.ToldAt <= before && a.EscalatedAt == null && a.AcknowledgedAt == null && a.Severity != AlertSeverity.Info)
                .OrderBy(a => a.Severity == AlertSeverity.Warning).ThenBy(a => a.Id).Take(AtOnce).ToListAsync(cancel));
            closed = await db.Alerts.Where(a => a.ResolvedAt != null && a.ClosedToldAt == null).OrderBy(a => a.Id).Take(AtOnce).ToListAsync(cancel);
            beginnings = await AlertStore.BeginningsAsync(db, [.. open.Concat(closed).Select(a => a.DedupeKey).Distinct(StringComparer.Ordinal)], now - TellingRules.FlapWindow, cancel);
        }
        var quiet = options.Value is { QuietFrom: { } from, QuietUntil: { } until } ? new QuietHours(from, until) : null;
        var told = 0;
        foreach (var alert in open.Concat(closed))
        {
            var facts = new TellingFacts(
                alert, TellingRules.Flaps(beginnings.GetValueOrDefault(alert.DedupeKey), limits), quiet, frame.Local(now).TimeOfDay, limits.EscalateAfter);
            var (news, decision) = alert switch
            {
                { ResolvedAt: not null } => (AlertNews.Closed, TellingRules.OnClosed(facts)),
                { ToldAt: null } => (AlertNews.Raised, TellingRules.OnRaised(facts)),
                _ => (AlertNews.Escalated, TellingRules.OnUnattended(facts, now)),
            };
            if (decision != Telling.Wait && !(decision == Telling.Nobody && news == AlertNews.Escalated) && await TellAsync(frame, alert, news, decision, now, cancel)) told++;
        }
        return told;
    }

    /// <summary>True: told by this call. False: another node was faster, the alert changed since, or nobody is to be told.</summary>
    private async Task<bool> TellAsync(MatchingFrame frame, Alert alert, AlertNews news, Telling decision, DateTime now, CancellationToken cancel) => await database.WriteAsync(async session =>
    {
        if (await MarkAsync(session, alert, news, decision, now) == 0 || decision == Telling.Nobody) return false;
        if (options.Value.WebhookUrl is not null)
        {
            session.Db.AlertDeliveries.Add(new AlertDelivery
            {
                AlertId = alert.Id, News = news, Body = Body(alert, news, frame.Settings.Language, now), Status = DeliveryStatus.Queued, DueAt = now, CreatedAt = now,
            });
            await session.Db.SaveChangesAsync();
            session.AfterCommit(signal.Wake);
        }
        if (decision == Telling.Everybody) await QueueAsync(session, frame, alert, news, now);
        session.Publish(Topics.Alerts, EventNames.AlertChanged, alert.Id);
        return true;
    }, cancel);

    private static Task<int> MarkAsync(WriteSession session, Alert alert, AlertNews news, Telling decision, DateTime now)
    {
        var row = session.Db.Alerts.Where(a => a.Id == alert.Id);
        // Nobody was told of its beginning, so nobody has to hear of its end.
        DateTime? closedToo = decision == Telling.Nobody ? now : null;
        return news switch
        {
            AlertNews.Raised => row.Where(a => a.ToldAt == null && a.ResolvedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.ToldAt, now).SetProperty(a => a.ClosedToldAt, closedToo)),
            AlertNews.Escalated => row.Where(a => a.EscalatedAt == null && a.ResolvedAt == null && a.AcknowledgedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.EscalatedAt, now).SetProperty(a => a.ClosedToldAt, (DateTime?)null)),
            AlertNews.Closed => row.Where(a => a.ClosedToldAt == null && a.ResolvedAt != null).ExecuteUpdateAsync(set => set.SetProperty(a => a.ClosedToldAt, now)),
        };
    }

    private async Task QueueAsync(WriteSession session, MatchingFrame frame, Alert alert, AlertNews news, DateTime now)
    {
        var given = news == AlertNews.Escalated && options.Value.EscalateTo.Length > 0 ? options.Value.EscalateTo : frame.Settings.AdminNumbers;
        var numbers = given.Select(PhoneNumbers.Read).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (numbers.Count == 0) return;
        var text = Text(frame, alert, news);
        var ids = await ServiceMessages.QueueAsync(
            session, frame.ChannelId, numbers.ConvertAll(n => new NewServiceMessage(MessageAudience.Admin, MessageKind, n, text, $"alert:{alert.Id}:{news}:{n}")), now);
        session.AfterCommit(() => AlertMetrics.OnQueued(ids.Count));
        if (frame.ChannelId is not null) session.AfterCommit(() => sender.Enqueue(ids));
    }

    private string Text(MatchingFrame frame, Alert alert, AlertNews news)
    {
        var french = frame.Settings.Language == "fr";
        var sentence = sentences.Say(alert, frame.Settings.Language);
        var head = news == AlertNews.Escalated ? french ? "Personne ne s’en occupe encore : " : "Nobody looks after this yet: " : "Dispatch : ";
        var link = frame.Settings.PublicAddress is { } address ? $"\n{address.AbsoluteUri.TrimEnd('/')}/alerts" : "";
        return head + sentence + link;
    }

    internal string Body(Alert alert, AlertNews news, string language, DateTime now) => JsonSerializer.Serialize(new
    {
        alert.Id, Event = news, alert.Kind, alert.Severity, Key = alert.DedupeKey, alert.ResourceId, alert.Subject, alert.Details, Text = sentences.Say(alert, language),
        alert.FirstSeenAt, alert.LastSeenAt, alert.Count, alert.ResolvedAt, SentAt = now,
    }, Json);
}
