namespace Dispatch.Core.Reporting;

/// <summary>What a report says of a stretch of time, and of the stretch before it.</summary>
/// <param name="Before">Of the day or week before, by the same rules; null: nothing was counted then.</param>
public sealed record ReportBody(ReportFigures Now, ReportFigures? Before, IReadOnlyList<ReportPerson> People);

/// <summary>The figures. Waits in seconds; null: nothing to measure.</summary>
/// <param name="Pending">Conversations that nobody had when the report was made.</param>
/// <param name="Reassigned">Conversations that went from one person to another.</param>
/// <param name="FirstAnswer">Median wait for an answer.</param>
/// <param name="Resolution">Median time from the opening of a conversation to its closing.</param>
public sealed record ReportFigures(
    long Messages, long Opened, long Closed, long Reassigned, long Pending, double? FirstAnswer, double? SlowAnswer, double? Resolution, long Searches, long Matches, long Timeouts,
    long NumbersConnected, long NumbersLost, long Sent, long Failed, long Replies);

/// <summary>What one moderator did.</summary>
/// <param name="Missed">Conversations that were taken from him because he did not answer.</param>
public sealed record ReportPerson(long Id, string Name, long Received, long Answers, double? MedianAnswer, long Missed);
