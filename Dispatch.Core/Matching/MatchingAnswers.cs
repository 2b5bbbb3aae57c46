using System.Collections.Frozen;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>
/// Answers on WhatsApp: drivers' to offers, customers' to the choices after a failed search, and receipts of what we sent them. An ordinary message costs a
/// look at its length and one in a set.
/// </summary>
public sealed class MatchingAnswers(
    Database database, MatchingService matching, DriverService drivers, ClientNotificationService clientWords, MatchingFrames frames,
    AskedCustomers asked, ServiceMessageSender sender, TimeoutSignal timeouts, IEnumerable<IServiceMessageFollower> followers) : IInboundRoute
{
    private const int MaxAnswer = 80;

    /// <summary>An answer without a number to an offer that is over is still an answer for so long; after that it is a message to somebody.</summary>
    private static readonly TimeSpan RecentFor = TimeSpan.FromHours(1);
    private readonly IServiceMessageFollower[] _followers = [.. followers];

    public bool MayWant(InboundBatch batch) => batch.Statuses.Count > 0 || batch.Messages.Any(m => MayBeAnswer(m)
        && (asked.Phones.Contains(m.Address) || DriverAnswerRules.Parse(m.Text) is not null));

    public async ValueTask<InboundBatch> TakeAsync(InboundBatch batch, CancellationToken cancel)
    {
        var phones = asked.Phones;
        List<InboundMessage>? taken = null;
        foreach (var message in batch.Messages)
        {
            if (!MayBeAnswer(message)) continue;
            var isTaken = (phones.Count > 0 && phones.Contains(message.Address) && await TakeCustomerAsync(batch.ChannelId, message, cancel))
                || (DriverAnswerRules.Parse(message.Text) is { } answer && await TakeDriverAsync(batch.ChannelId, message, answer, cancel));
            if (isTaken) (taken ??= []).Add(message);
        }
        var statuses = batch.Statuses.Count == 0 ? null : await TakeStatusesAsync(batch, cancel);
        if (taken is null && statuses is null) return batch;
        return batch with { Messages = taken is null ? batch.Messages : [.. batch.Messages.Except(taken)], Statuses = statuses ?? batch.Statuses };
    }

    private static bool MayBeAnswer(InboundMessage message) => !message.FromUs && message.Text.Length is > 0 and <= MaxAnswer;

    /// <summary>Null: none of them is about a message of ours.</summary>
    private async Task<IReadOnlyList<InboundStatus>?> TakeStatusesAsync(InboundBatch batch, CancellationToken cancel)
    {
        var ids = batch.Statuses.Select(s => s.ProviderId).Distinct(StringComparer.Ordinal).ToList();
        await using (var db = database.Read())
        {
            if (!await db.ServiceMessages.AnyAsync(m => m.ChannelId == batch.ChannelId && ids.Contains(m.ProviderMessageId!), cancel)) return null;
        }
        var ours = await database.WriteAsync(session => ServiceMessages.ApplyAsync(session, _followers, batch.ChannelId, batch.Statuses), cancel);
        return [.. batch.Statuses.Where(s => !ours.Contains(s.ProviderId))];
    }

    private async Task<bool> TakeDriverAsync(long channelId, InboundMessage message, DriverAnswer answer, CancellationToken cancel)
    {
        Driver? driver;
        long? booking;
        var key = InboundKey(channelId, message);
        var frame = await frames.GetAsync(cancel);
        await using (var db = database.Read())
        {
            driver = await db.Drivers.FirstOrDefaultAsync(d => d.Phone == message.Address, cancel);
            if (driver is null) return false;
            if (await db.ServiceMessages.AnyAsync(m => m.EffectKey == key, cancel)) return true;
            booking = await FindAsync(db, driver.Id, answer, frame.Now, cancel);
        }
        string? reply = null;
        switch (answer.Word)
        {
            case DriverWord.Accept or DriverWord.Refuse when booking is { } id:
                var kind = answer.Word == DriverWord.Accept ? DriverResponseKind.Accepted : DriverResponseKind.Rejected;
                var result = await matching.HandleDriverResponseAsync(id, driver.Id, new DriverResponse(kind, frame.Now, NotificationMethod.WhatsApp), cancel);
                if (result is null) return false;
                // The winner is told by the win itself.
                reply = result.Action == ResponseAction.Assigned ? null : result.Message;
                break;
            case DriverWord.BackOut when booking is { } id:
                if (!(await matching.DriverBackOutAsync(id, driver.Id, cancel)).Succeeded) return false;
                break;
            case DriverWord.Resume when driver.Status is DriverStatus.Paused or DriverStatus.Offline:
                await drivers.ResumeAsync(driver.Id, own: true, cancel: cancel);
                break;
            case DriverWord.Pause when driver.Status is DriverStatus.Available:
                await drivers.PauseAsync(driver.Id, own: true, cancel: cancel);
                break;
            default:
                return false;
        }
        await database.WriteAsync(async session =>
        {
            var now = frame.Now;
            var said = new NewServiceMessage(MessageAudience.Driver, "Answer", message.Address, message.Text, key, booking, driver.Id);
            if (!await ServiceMessages.AddInboundAsync(session, said, channelId, message.ProviderId, now) || reply is null) return;
            var ids = await ServiceMessages.QueueAsync(
                session, channelId, [new NewServiceMessage(MessageAudience.Driver, "AnswerReply", message.Address, reply, "re-" + key, booking, driver.Id)], now);
            session.AfterCommit(() => sender.Enqueue(ids));
        }, cancel);
        return true;
    }

    /// <summary>Which booking is meant: the number he names, or what he has in front of him.</summary>
    private static async Task<long?> FindAsync(DispatchDb db, long driverId, DriverAnswer answer, DateTime now, CancellationToken cancel)
    {
        if (answer.Word is DriverWord.Resume or DriverWord.Pause) return null;
        if (answer.Word == DriverWord.BackOut)
        {
            return await db.Bookings.Where(b => b.DriverId == driverId && b.Status == BookingStatus.Accepted && (answer.BookingId == null || b.Id == answer.BookingId))
                .Select(b => (long?)b.Id).FirstOrDefaultAsync(cancel);
        }
        var offers = db.BookingNotifications.Where(n => n.DriverId == driverId);
        if (answer.BookingId is { } id) return await offers.AnyAsync(n => n.BookingId == id, cancel) ? id : null;
        // The offer that came last is the one on his screen.
        return await offers.Where(n => n.Response == null && n.Withdrawn == null && n.ExpiresAt > now).OrderByDescending(n => n.CreatedAt).ThenByDescending(n => n.Id)
                .Select(n => (long?)n.BookingId).FirstOrDefaultAsync(cancel)
            ?? await offers.Where(n => n.CreatedAt > now - RecentFor).OrderByDescending(n => n.CreatedAt).ThenByDescending(n => n.Id)
                .Select(n => (long?)n.BookingId).FirstOrDefaultAsync(cancel);
    }

    /// <summary>False: an ordinary message (nothing is asked any more), or one for a moderator.</summary>
    private async Task<bool> TakeCustomerAsync(long channelId, InboundMessage message, CancellationToken cancel)
    {
        var frame = await frames.GetAsync(cancel);
        var isTaken = await database.WriteAsync(session => TakeCustomerAsync(session, frame, channelId, message), cancel);
        await asked.RefreshAsync(cancel);
        return isTaken;
    }

    private async Task<bool> TakeCustomerAsync(WriteSession session, MatchingFrame frame, long channelId, InboundMessage message)
    {
        var key = InboundKey(channelId, message);
        if (await session.Db.ServiceMessages.AnyAsync(m => m.EffectKey == key)) return true;
        var booking = await session.Db.Bookings.AsNoTracking().Where(b => b.CustomerPhone == message.Address && b.Question != null).OrderByDescending(b => b.AskedAt).FirstOrDefaultAsync();
        if (booking is not { Question: { } question }) return false;
        var decision = CustomerAnswerRules.Decide(question, booking.QuestionRepeats, message.Text, frame.Now, frame.Zone);
        var (nextQuestion, repeats) = decision.Step switch
        {
            CustomerStep.AskLaterTime => (BookingQuestion.LaterTime, 0),
            CustomerStep.AskNewTime => (BookingQuestion.NewTime, 0),
            CustomerStep.AskAgain => (question, booking.QuestionRepeats + 1),
            _ => ((BookingQuestion?)null, 0),
        };
        // Asked and answered by what is in the row: two answers at once are one answer and one ordinary message.
        var rows = await session.Db.Bookings.Where(b => b.Id == booking.Id && b.Question == question && b.QuestionRepeats == booking.QuestionRepeats).ExecuteUpdateAsync(set => set
            .SetProperty(b => b.Question, nextQuestion).SetProperty(b => b.QuestionRepeats, repeats).SetProperty(b => b.AskedAt, frame.Now));
        if (rows == 0) throw new StaleReadException("question");
        if (decision.Step == CustomerStep.HandOver)
        {
            await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.HandedToModerator, frame.Now);
            await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientHandedOver, key);
            BookingClaims.Publish(session, booking.Id);
            return false;
        }
        await ServiceMessages.AddInboundAsync(
            session, new NewServiceMessage(MessageAudience.Customer, "Answer", message.Address, message.Text, key, booking.Id), channelId, message.ProviderId, frame.Now);
        await DriverNotificationService.AddEventAsync(session, booking, BookingEventKind.CustomerAnswered, frame.Now, note: decision.Step.ToString());
        await FollowAsync(session, frame, booking, decision, key);
        BookingClaims.Publish(session, booking.Id);
        return true;
    }

    private async Task FollowAsync(WriteSession session, MatchingFrame frame, Booking booking, CustomerDecision decision, string key)
    {
        switch (decision.Step)
        {
            case CustomerStep.Retry:
                await matching.RestartInAsync(session, frame, booking.Id);
                break;
            case CustomerStep.AskLaterTime:
                await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientAskLaterTime, key);
                break;
            case CustomerStep.AskNewTime:
                await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientAskNewTime, key);
                break;
            case CustomerStep.AskAgain:
                await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientNotUnderstood, key);
                break;
            case CustomerStep.Schedule:
                var at = decision.At!.Value;
                await BookingService.RescheduleAsync(session, booking.Id, at, CustomerAnswerRules.SearchStart(at, frame.Settings.SearchBefore, frame.Now), frame.Now);
                booking.PickupTime = at;
                await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientScheduled, key);
                session.AfterCommit(timeouts.Wake);
                break;
            case CustomerStep.ChangeTime:
                booking.PickupTime = decision.At!.Value;
                await session.Db.Bookings.Where(b => b.Id == booking.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.PickupTime, decision.At.Value));
                await clientWords.TellAsync(session, frame, booking, TemplateKey.ClientTimeChanged, key);
                await matching.RestartInAsync(session, frame, booking.Id);
                break;
            case CustomerStep.HandOver:
            default:
                throw new InvalidOperationException($"{decision.Step} is not followed here.");
        }
    }

    private static string InboundKey(long channelId, InboundMessage message) => $"in:{channelId}:{message.ProviderId}";
}
