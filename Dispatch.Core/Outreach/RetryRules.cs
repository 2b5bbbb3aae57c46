using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>What a failure says about trying again.</summary>
public enum ErrorClass
{
    /// <summary>It may have left.</summary>
    Unknown,
    /// <summary>Later it may work: with back-off, a few times.</summary>
    Transient,
    /// <summary>The gateway has enough for now: with back-off, and the account slows down.</summary>
    Throttled,
    /// <summary>Never to this prospect, or not with this text.</summary>
    Permanent,
    /// <summary>The provider holds the account back for a day (Unipile <c>cannot_resend_yet</c>): no fault of the action.</summary>
    AccountLimited,
    /// <summary>Session, token or payment: a person has to act; no fault of the action.</summary>
    AccountBroken,
}

/// <param name="DueAt">When it is tried again; null unless pending.</param>
public sealed record RetryDecision(ActionStatus Status, ErrorClass Class, DateTime? DueAt = null);

/// <summary>What becomes of an action after a failure. Pure.</summary>
public static class RetryRules
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(30), Most = TimeSpan.FromHours(1), Invitations = TimeSpan.FromHours(1);

    /// <summary>The gateways' tables in one word each (facts, Unipile and Meta errors).</summary>
    public static ErrorClass Classify(SendFailure failure) => failure switch
    {
        SendFailure.Unknown => ErrorClass.Unknown,
        SendFailure.Unreachable or SendFailure.Refused or SendFailure.RecipientLimited => ErrorClass.Transient,
        SendFailure.TooMany => ErrorClass.Throttled,
        SendFailure.BadRecipient or SendFailure.BadContent or SendFailure.WindowClosed => ErrorClass.Permanent,
        SendFailure.AccountLimited or SendFailure.InvitationsUsedUp => ErrorClass.AccountLimited,
        SendFailure.ChannelNotAuthorized or SendFailure.BadToken or SendFailure.PaymentRequired => ErrorClass.AccountBroken,
    };

    /// <param name="attempts">Including the one that failed.</param>
    /// <param name="jitter">0 to 1: failures that came together are not tried again together.</param>
    public static RetryDecision Decide(SendFailure failure, int attempts, DateTime? breakerUntil, DateTime now, double jitter, int maxAttempts)
    {
        var kind = Classify(failure);
        // Counted over any 24 hours, so the next place is free at no round time.
        if (failure == SendFailure.InvitationsUsedUp) return new RetryDecision(ActionStatus.Pending, kind, now + Invitations);
        return kind switch
        {
            ErrorClass.Unknown => new RetryDecision(ActionStatus.Uncertain, kind),
            ErrorClass.Permanent => new RetryDecision(ActionStatus.Failed, kind),
            // The breaker holds it; it does not count against the action.
            ErrorClass.AccountLimited or ErrorClass.AccountBroken => new RetryDecision(ActionStatus.Pending, kind, breakerUntil ?? now),
            ErrorClass.Transient or ErrorClass.Throttled => attempts >= maxAttempts
                ? new RetryDecision(ActionStatus.Failed, kind) : new RetryDecision(ActionStatus.Pending, kind, now + Backoff(attempts, jitter)),
        };
    }

    /// <summary>30 s, 1, 2, 4 minutes and so on up to an hour, and up to half as much again.</summary>
    public static TimeSpan Backoff(int attempts, double jitter)
    {
        var wait = First * Math.Pow(2, Math.Clamp(attempts - 1, 0, 20));
        return (wait < Most ? wait : Most) * (1 + (Math.Clamp(jitter, 0, 1) / 2));
    }
}
