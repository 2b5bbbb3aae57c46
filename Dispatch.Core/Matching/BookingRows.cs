using Dispatch.Core.Conversations;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

public enum BookingSort { PickupTime, CreatedAt, Id }

/// <summary>Filter of the list; null or empty: any. <paramref name="Text"/>: name, phone, addresses, or the number of the booking.</summary>
/// <param name="Open">True: scheduled, pending or accepted; false: over.</param>
public sealed record BookingSearch(
    string? Text = null, BookingStatus? Status = null, bool? Open = null, string? Zone = null, long? DriverId = null, DateTime? From = null, DateTime? To = null,
    BookingSort Sort = BookingSort.CreatedAt, bool Descending = true, int Skip = 0, int Take = 50);

/// <summary>A booking as a line of a list. Times are UTC; names and addresses are text from outside.</summary>
public sealed record BookingRow(
    long Id, string CustomerName, string CustomerPhone, string PickupAddress, string DropAddress, string? Zone, DateTime PickupTime, decimal? Price,
    BookingStatus Status, DateTime StatusAt, long Version, long? DriverId, string? DriverName, int Wave, DateTime? StartAt, DateTime? MatchingDeadline, DateTime CreatedAt,
    string? Reason);

public sealed record BookingPage(IReadOnlyList<BookingRow> Items, int Total);

/// <summary>One offer on the page of a booking.</summary>
public sealed record OfferRow(
    long DriverId, string DriverName, int Round, int Wave, int Asked, DateTime CreatedAt, DateTime? SentAt, DateTime? DeliveredAt, DateTime? SeenAt, DateTime? RespondedAt,
    DateTime ExpiresAt, DriverResponseKind? Response, OfferWithdrawal? Withdrawn, DateTime? ClosedAt, NotificationMethod Method, long? LostByMs, double? Distance)
{
    public bool IsOpen => Response is null && Withdrawn is null;
}

public sealed record BookingEventRow(
    long Id, DateTime At, BookingEventKind Kind, int Round, int Wave, long? DriverId, string? DriverName, long? ActorId, string? Actor, string? Note, WaveReport? Report);

/// <summary>A message of Dispatch about the booking, or an answer to one.</summary>
public sealed record BookingMessageRow(
    long Id, MessageAudience Audience, MessageDirection Direction, string Kind, string Address, string Text, MessageStatus Status, DateTime CreatedAt, DateTime? SentAt,
    string? Error, long? DriverId, string? DriverName);

/// <summary>What fires next, and when.</summary>
public enum NextStepKind { SearchStarts, NextWave, OfferExpires, SearchEnds, AnswerExpires }

public sealed record NextStep(NextStepKind Kind, DateTime At, long? DriverId = null);

/// <summary>Everything about one booking: the time line is the events, offers and messages by their times.</summary>
public sealed record BookingDetails(
    Booking Booking, string? DriverName, string? DriverPhone, IReadOnlyList<OfferRow> Offers, IReadOnlyList<BookingEventRow> Events,
    IReadOnlyList<BookingMessageRow> Messages, MatchingMetrics? Metrics, IReadOnlyList<NextStep> Next);

/// <summary>An open booking on the board of live matchings.</summary>
/// <param name="Silent">Open offers without an answer.</param>
public sealed record OpenMatching(
    long Id, string CustomerName, string PickupAddress, string DropAddress, string? Zone, DateTime PickupTime, DateTime StartedAt, DateTime Deadline, int Round, int Wave,
    int Notified, int Delivered, int Seen, int Rejected, int TimedOut, int Silent, double? NearestDistance, NewestAnswer? Newest);

public sealed record NewestAnswer(string DriverName, DriverResponseKind? Response, long? LostByMs, DateTime At);

/// <summary>Won a moment ago.</summary>
public sealed record JustMatched(long Id, string PickupAddress, string DropAddress, string? Zone, string DriverName, DateTime AcceptedAt, int? TimeToMatch);

public sealed record MatchingBoard(IReadOnlyList<OpenMatching> Open, IReadOnlyList<JustMatched> Matched);

public sealed record BookingCounts(int Scheduled, int Pending, int Accepted, int TimedOutToday);
