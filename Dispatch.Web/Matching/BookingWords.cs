using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>What happened to bookings and offers, in plain words of the person's language.</summary>
public sealed class BookingWords(
    IStringLocalizer<Resources.Bookings> words, IStringLocalizer<Resources.Text> text, BrowserTime time, Sentences sentences)
{
    public static string StatusKey(BookingStatus status, bool searching) => status == BookingStatus.Pending && searching ? "Status_Searching" : "Status_" + status;

    public string Status(BookingStatus status, bool searching = false) => words[StatusKey(status, searching)];

    /// <summary>A line of the time line about the booking itself.</summary>
    public string Event(BookingEventRow e)
    {
        var driver = e.DriverName ?? words["ADriver"];
        return e.Kind switch
        {
            BookingEventKind.SearchStarted or BookingEventKind.WaveSent or BookingEventKind.Escalated or BookingEventKind.Widened or BookingEventKind.Retried =>
                Plural.Of(words, "Event_" + e.Kind, e.Report?.Chosen ?? 0) + (e.Report?.MaxDistance is { } radius ? ", " + words["WithinKm", Number(radius)] : ""),
            BookingEventKind.CustomerAnswered when e.Note is { } step && Enum.TryParse<CustomerStep>(step, out _) => $"{words["Event_CustomerAnswered"]}: {words["Step_" + step]}",
            BookingEventKind.Created or BookingEventKind.Scheduled or BookingEventKind.NobodyLeft or BookingEventKind.TimedOut or BookingEventKind.Cancelled
                or BookingEventKind.Failed or BookingEventKind.Completed or BookingEventKind.TimeChanged or BookingEventKind.CustomerAsked or BookingEventKind.CustomerAnswered
                or BookingEventKind.HandedToModerator => words["Event_" + e.Kind],
            BookingEventKind.LateDriverAsked or BookingEventKind.Rejected or BookingEventKind.LostRace or BookingEventKind.Assigned or BookingEventKind.AssignedByHand
                or BookingEventKind.DriverBackedOut => words["Event_" + e.Kind, driver],
        };
    }

    public string Exclusion(Exclusion reason) => words["Exclusion_" + reason];

    /// <summary>How an offer stands, as a piece of a line that names the driver.</summary>
    public string Offer(OfferRow offer) => offer switch
    {
        { LostByMs: { } late } => words["Offer_Lost", Span(late)],
        { Response: { } response } => words["Offer_" + response],
        { Withdrawn: { } withdrawn } => words["Withdrawn_" + withdrawn],
        { SentAt: null } => words["Offer_Unsent"],
        _ => words["Offer_Open", time.Precise(offer.ExpiresAt)],
    };

    /// <summary>A line of the time line about an answer, with how long it took.</summary>
    public string Answer(OfferRow offer)
    {
        if (offer.LostByMs is { } late) return words["Answer_Lost", offer.DriverName, Span(late)];
        var said = words["Answer_" + offer.Response, offer.DriverName];
        var from = offer.SeenAt ?? offer.SentAt;
        return offer.Response != DriverResponseKind.Timeout && offer.RespondedAt - from is { Ticks: > 0 } took
            ? $"{said} {words["After", Span((long)took.TotalMilliseconds)]}" : said.Value;
    }

    public string Sent(SentItem item)
    {
        var kind = words["Kind_" + item.Kind];
        var what = kind.ResourceNotFound ? item.Kind : kind.Value;
        var first = item.Messages[0];
        var who = item.Audience switch
        {
            MessageAudience.Customer => words["TheCustomer"],
            MessageAudience.Admin => words["TheAdmins"],
            MessageAudience.Driver => first.DriverName ?? words["ADriver"],
        };
        if (first.Direction == MessageDirection.In) return words["SaidBy", what, who];
        return item.Audience == MessageAudience.Driver && item.Messages.Count > 1 ? words["SentToDrivers", what, item.Messages.Count] : words["SentTo", what, who];
    }

    /// <summary>How far a message came, with the reason when it failed.</summary>
    public string State(BookingMessageRow message)
    {
        if (message.Error is null) return sentences.Status(message.Status);
        var own = words["Fail_" + message.Error];
        return $"{sentences.Status(message.Status)}: {(own.ResourceNotFound ? sentences.Failure(message.Error) : own.Value)}";
    }

    public string Next(NextStep step, string? driver) => words["Next_" + step.Kind, driver ?? words["ADriver"]];

    /// <summary>Why a command did not do what was wished; says who or what was faster.</summary>
    /// <param name="now">The booking as it is now; null: gone.</param>
    /// <param name="driver">Whom it was to be given to.</param>
    public string Refusal(BookingOutcome outcome, BookingRow? now, string? driver = null) => outcome.Result switch
    {
        BookingResult.DriverNotFound => words["Lost_DriverNotFound"],
        BookingResult.DriverBusy => words["Lost_DriverBusy", driver ?? words["ADriver"]],
        BookingResult.BadInput => words["Lost_BadInput"],
        BookingResult.WrongStatus when now is { Status: BookingStatus.Accepted, DriverName: { } name } => words["Lost_TakenBy", name, time.Precise(now.StatusAt)],
        BookingResult.WrongStatus when now is not null => words["Lost_Status", Status(now.Status, now.MatchingDeadline is not null), time.Precise(now.StatusAt)],
        _ => words["Lost_NotFound"],
    };

    /// <summary>What became of a start or a retry.</summary>
    public string Started(MatchingResult result, BookingRow? now) => result.Start switch
    {
        MatchingStart.Started => Plural.Of(words, "Done_Start", result.DriversNotified) + (result.Errors.Count > 0 ? " " + words["Done_Start_errors", result.Errors.Count] : ""),
        MatchingStart.AlreadyStarted => words["Start_AlreadyStarted"],
        MatchingStart.NotPending when now is { Status: BookingStatus.Accepted, DriverName: { } name } => words["Lost_TakenBy", name, time.Precise(now.StatusAt)],
        MatchingStart.NotPending when now is not null => words["Start_NotPending", Status(now.Status, now.MatchingDeadline is not null)],
        _ => words["Start_NotFound"],
    };

    public string Clock(DateTime utc) => time.Precise(utc);

    /// <summary>"230 ms", "4.2 s", "3 min".</summary>
    public string Span(long milliseconds) => milliseconds switch
    {
        < 1000 => $"{milliseconds} ms",
        < 10_000 => string.Create(CultureInfo.CurrentCulture, $"{milliseconds / 1000.0:0.0} s"),
        _ => RelativeTime.Length(TimeSpan.FromMilliseconds(milliseconds), text),
    };

    public static string Number(double value) => value.ToString(value < 10 ? "0.#" : "0", CultureInfo.CurrentCulture);
}
