using Dispatch.Core.Conversations;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;

namespace Dispatch.Web.Matching;

/// <summary>One line of a booking's time line. <paramref name="At"/> is UTC.</summary>
public abstract record TimeLineItem(DateTime At, string Key);

/// <summary>Something happened to the booking.</summary>
public sealed record StepItem(BookingEventRow Event) : TimeLineItem(Event.At, $"e{Event.Id}");

/// <summary>A driver answered, or let his time pass.</summary>
public sealed record AnswerItem(OfferRow Offer, DateTime At) : TimeLineItem(At, $"a{Offer.DriverId}-{At.Ticks}");

/// <summary>Messages that left together: the same text to one person or to many.</summary>
public sealed record SentItem(string Kind, MessageAudience Audience, IReadOnlyList<BookingMessageRow> Messages)
    : TimeLineItem(Messages[0].CreatedAt, $"m{Messages[0].Id}");

/// <summary>Events, answers and messages in one line. Pure.</summary>
public static class TimeLine
{
    /// <summary>The newest first.</summary>
    public static IReadOnlyList<TimeLineItem> Build(BookingDetails details)
    {
        var won = details.Events.Where(e => e.Kind == BookingEventKind.Assigned).Select(e => (e.DriverId, e.Round)).ToHashSet();
        IEnumerable<TimeLineItem> items =
        [
            .. details.Events.Select(e => new StepItem(e)),
            // The winner's answer is the event that gave him the ride.
            .. details.Offers.Where(o => (o.Response is not null || o.LostByMs is not null) && !(o.Response == DriverResponseKind.Accepted && won.Contains((o.DriverId, o.Round))))
                .Select(o => new AnswerItem(o, o.RespondedAt ?? o.ClosedAt ?? o.ExpiresAt)),
            .. details.Messages.GroupBy(m => (m.Kind, m.Audience, m.Direction, m.CreatedAt, One: m.Direction == MessageDirection.In ? m.Id : 0))
                .Select(g => new SentItem(g.Key.Kind, g.Key.Audience, [.. g])),
        ];
        // In one instant: what was answered, what came of it, what was said about it.
        return [.. items.OrderBy(i => i.At).ThenBy(i => i switch { AnswerItem => 0, StepItem => 1, _ => 2 }).ThenBy(i => (i as StepItem)?.Event.Id ?? 0).Reverse()];
    }
}
