namespace Dispatch.Core.Outreach;

/// <summary>Why an automatic answer waits for a moderator.</summary>
public enum DraftReason
{
    /// <summary>Nothing could be composed: no template and no endpoint.</summary>
    NoText,
    /// <summary>He is stopped.</summary>
    Stopped,
    /// <summary>A moderator is in the conversation and has answered in it.</summary>
    ModeratorAnswers,
    /// <summary>Longer than a message may be, or with a placeholder left in it.</summary>
    BadText,
    /// <summary>More than <see cref="SendPolicy.MostPerDay"/> automatic answers in a day: two machines may be talking to each other.</summary>
    TooManyToday,
    /// <summary>The account must not send right now.</summary>
    AccountHeld,
}

/// <param name="Text">As composed; null: nothing came out.</param>
public sealed record PolicyFacts(Prospect Prospect, string? Text, bool ModeratorAnswered, int AutomaticToday);

/// <summary>Whether a composed answer may leave without a moderator. Fails closed. Pure.</summary>
public static class SendPolicy
{
    public const int MostPerDay = 10;

    /// <summary>Null: it may leave.</summary>
    public static DraftReason? Evaluate(PolicyFacts facts) => facts switch
    {
        { Prospect.Stage: ProspectStage.Stopped } or { Prospect.Automatic: false } => DraftReason.Stopped,
        { Text: null } or { Text.Length: 0 } => DraftReason.NoText,
        { ModeratorAnswered: true } => DraftReason.ModeratorAnswers,
        { Text.Length: > OutreachConfiguration.ContentLength } => DraftReason.BadText,
        _ when Messaging.Placeholders.Names(facts.Text!).Any() => DraftReason.BadText,
        { AutomaticToday: >= MostPerDay } => DraftReason.TooManyToday,
        _ => null,
    };
}
