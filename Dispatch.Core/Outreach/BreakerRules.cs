using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <param name="Until">Null: the breaker stays, or becomes, closed.</param>
public sealed record BreakerDecision(int Failures, DateTime? Until, SendFailure? Reason);

/// <summary>When an account stops sending by itself. Pure.</summary>
public static class BreakerRules
{
    /// <summary>Failures in a row of a gateway that cannot be reached before the account waits.</summary>
    public const int Tolerated = 3;

    private static readonly TimeSpan ADay = TimeSpan.FromHours(24), Broken = TimeSpan.FromMinutes(10), First = TimeSpan.FromMinutes(1), Most = TimeSpan.FromHours(1);

    /// <summary>After one answer. Null: nothing about the account changes.</summary>
    /// <param name="failure">Null: it left.</param>
    public static BreakerDecision? After(SendFailure? failure, int failures, DateTime now)
    {
        if (failure is not { } why) return failures > 0 ? new BreakerDecision(0, null, null) : null;
        // Between the account and one person, or of invitations alone: nothing else has to wait for it.
        if (why is SendFailure.RecipientLimited or SendFailure.InvitationsUsedUp) return null;
        var more = failures + 1;
        return RetryRules.Classify(why) switch
        {
            ErrorClass.AccountLimited => new BreakerDecision(more, now + ADay, why),
            // A person has to act; looked at again every ten minutes, one action at a time.
            ErrorClass.AccountBroken => new BreakerDecision(more, now + Broken, why),
            ErrorClass.Throttled => new BreakerDecision(more, now + Growing(more - 1), why),
            ErrorClass.Transient => new BreakerDecision(more, more < Tolerated ? null : now + Growing(more - Tolerated), why),
            // Says nothing about the account.
            ErrorClass.Permanent or ErrorClass.Unknown => null,
        };
    }

    private static TimeSpan Growing(int step)
    {
        var wait = First * Math.Pow(2, Math.Clamp(step, 0, 10));
        return wait < Most ? wait : Most;
    }
}
