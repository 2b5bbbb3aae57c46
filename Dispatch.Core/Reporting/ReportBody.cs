namespace Dispatch.Core.Reporting;

/// <summary>What a report says of its days, and of the same days a week before.</summary>
/// <param name="Before">Null: nothing was counted then.</param>
/// <param name="People">The one with the most conversations first.</param>
public sealed record ReportBody(ReportFigures Now, ReportFigures? Before, IReadOnlyList<ReportPerson> People);

/// <summary>The figures. Times in seconds; null: nothing to measure.</summary>
/// <param name="Reassigned">Conversations that went from one person to another.</param>
/// <param name="Answer">Median wait for an answer.</param>
/// <param name="SlowAnswer">19 of 20 waited no longer.</param>
/// <param name="Resolution">Median from the opening of a conversation to its closing.</param>
/// <param name="Pending">Conversations that nobody had when the report was made; null for the days before.</param>
/// <param name="NumbersConnected">When the report was made; null for the days before.</param>
/// <param name="NumbersLost">Those that should have been; null for the days before.</param>
/// <param name="Sent">Outreach actions that were sent.</param>
/// <param name="Failed">Those that were not.</param>
public sealed record ReportFigures(
    long Messages, long Opened, long Closed, long Reassigned, double? Answer, double? SlowAnswer, double? Resolution, long? Pending, long Searches, long Matches, long Timeouts,
    long? NumbersConnected, long? NumbersLost, long Sent, long Failed)
{
    public bool IsEmpty => this is { Messages: 0, Opened: 0, Closed: 0, Searches: 0, Matches: 0, Timeouts: 0, Sent: 0, Failed: 0 };
}

/// <summary>What one moderator did.</summary>
/// <param name="Answer">Median of his answers, in seconds; null: he gave none.</param>
/// <param name="Missed">Conversations that were taken from him because he gave no sign of life.</param>
public sealed record ReportPerson(long Id, string Name, long Received, long Answers, double? Answer, long Missed);
