using System.Globalization;

namespace Dispatch.Core.Matching;

public enum DriverWord { Accept, Refuse, Resume, Pause, BackOut }

/// <param name="BookingId">The number he named ("oui 123"); null: the offer he has in front of him.</param>
public sealed record DriverAnswer(DriverWord Word, long? BookingId = null);

/// <summary>What a driver's message means (seed 003). Pure.</summary>
public static class DriverAnswerRules
{
    private const int MaxLength = 32;

    /// <summary>Null: not an answer but a message to somebody.</summary>
    public static DriverAnswer? Parse(string? text)
    {
        // The length comes first: this is asked about every message that comes in.
        if (text is null || text.Length is 0 or > MaxLength) return null;
        var words = SpokenTime.Plain(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > 3) return null;
        long? booking = null;
        if (words.Length > 1)
        {
            if (!long.TryParse(words[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id <= 0) return Word(string.Join(' ', words)) is { } two ? new DriverAnswer(two) : null;
            booking = id;
        }
        return Word(words.Length > 2 ? string.Join(' ', words[..^1]) : words[0]) is { } word ? new DriverAnswer(word, booking) : null;
    }

    private static DriverWord? Word(string word) => word switch
    {
        "1" or "oui" or "ok" or "accepter" or "accepte" or "j accepte" or "yes" or "accept" or "y" or "o" => DriverWord.Accept,
        "2" or "non" or "refuser" or "refuse" or "je refuse" or "no" or "n" => DriverWord.Refuse,
        "pret" or "prete" or "dispo" or "disponible" or "ready" or "available" => DriverWord.Resume,
        "pause" or "stop" or "indisponible" => DriverWord.Pause,
        "annuler" or "annule" or "cancel" => DriverWord.BackOut,
        _ => null,
    };
}

public enum CustomerStep
{
    /// <summary>Choice 1: search again now.</summary>
    Retry,
    /// <summary>Choices 2 and 3: when?</summary>
    AskLaterTime, AskNewTime,
    /// <summary>The ride is for later; its search begins in time.</summary>
    Schedule,
    /// <summary>Another time, and the search begins now.</summary>
    ChangeTime,
    /// <summary>Not understood the first time.</summary>
    AskAgain,
    /// <summary>Not understood twice: a moderator reads it.</summary>
    HandOver,
}

/// <param name="At">UTC, for <see cref="CustomerStep.Schedule"/> and <see cref="CustomerStep.ChangeTime"/>.</param>
public sealed record CustomerDecision(CustomerStep Step, DateTime? At = null);

/// <summary>What a customer's answer means (seed 003: choices 1, 2, 3). Pure.</summary>
public static class CustomerAnswerRules
{
    private const int MaxRepeats = 1;

    /// <param name="repeats">How often this question was put again already.</param>
    /// <param name="now">UTC.</param>
    public static CustomerDecision Decide(BookingQuestion question, int repeats, string text, DateTime now, TimeZoneInfo zone)
    {
        if (question == BookingQuestion.Choice)
        {
            switch (SpokenTime.Plain(text))
            {
                case "1" or "reessayer" or "reessayer maintenant" or "retry" or "retry now" or "try again" or "try again now": return new CustomerDecision(CustomerStep.Retry);
                case "2" or "programmer" or "programmer plus tard" or "plus tard" or "later" or "schedule" or "schedule for later": return new CustomerDecision(CustomerStep.AskLaterTime);
                case "3" or "modifier" or "modifier l horaire" or "change" or "change the time": return new CustomerDecision(CustomerStep.AskNewTime);
            }
        }
        if (When(text, now, zone) is { } at)
            return new CustomerDecision(question == BookingQuestion.NewTime ? CustomerStep.ChangeTime : CustomerStep.Schedule, at);
        return new CustomerDecision(repeats < MaxRepeats ? CustomerStep.AskAgain : CustomerStep.HandOver);
    }

    /// <summary>When the search of a ride for later begins.</summary>
    public static DateTime SearchStart(DateTime pickup, TimeSpan before, DateTime now) => pickup - before > now ? pickup - before : now;

    private static DateTime? When(string text, DateTime now, TimeZoneInfo zone)
    {
        if (SpokenTime.Parse(text, TimeZoneInfo.ConvertTimeFromUtc(now, zone)) is not { } local) return null;
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return zone.IsInvalidTime(local) ? null : TimeZoneInfo.ConvertTimeToUtc(local, zone);
    }
}
