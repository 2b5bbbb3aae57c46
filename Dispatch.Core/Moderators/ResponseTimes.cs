using Dispatch.Core.Conversations;

namespace Dispatch.Core.Moderators;

/// <summary>One message's place in time, for <see cref="ResponseTimes"/>.</summary>
public sealed record Spoken(long ConversationId, MessageDirection Direction, DateTime At);

/// <summary>How fast a client was answered.</summary>
/// <param name="First">From his first message to the first answer; null: no answer yet.</param>
/// <param name="Mean">Mean over the answers; null: none yet.</param>
/// <param name="Slowest">The slowest answer so far.</param>
/// <param name="WaitingFor">For how long the present question has waited; null: nothing waits.</param>
/// <param name="Answers">How many questions were answered.</param>
public sealed record ResponseTime(long ConversationId, TimeSpan? First, TimeSpan? Mean, TimeSpan? Slowest, TimeSpan? WaitingFor, int Answers);

/// <summary>A client's answer times with who and where.</summary>
public sealed record ClientResponseTime(long ContactId, string Contact, long ProfileId, string Profile, long? OwnerId, string? Owner, ResponseTime Times);

/// <summary>Pure: questions and answers out of messages. Several messages before an answer are one question, which began with the first of them.</summary>
public static class ResponseTimes
{
    /// <param name="messages">In any order of conversations; within one in the order of time.</param>
    public static IReadOnlyDictionary<long, ResponseTime> Of(IEnumerable<Spoken> messages, DateTime now)
    {
        var result = new Dictionary<long, ResponseTime>();
        foreach (var thread in messages.GroupBy(m => m.ConversationId))
        {
            var answers = new List<TimeSpan>();
            DateTime? asked = null;
            foreach (var message in thread)
            {
                if (message.Direction == MessageDirection.In)
                {
                    asked ??= message.At;
                }
                else if (asked is { } since)
                {
                    answers.Add(message.At - since);
                    asked = null;
                }
            }
            result[thread.Key] = new ResponseTime(
                thread.Key, answers.Count > 0 ? answers[0] : null, answers.Count > 0 ? TimeSpan.FromTicks((long)answers.Average(a => a.Ticks)) : null,
                answers.Count > 0 ? answers.Max() : null, asked is { } open ? now - open : null, answers.Count);
        }
        return result;
    }
}
