using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

public enum AccountState { Active, Paused }

/// <summary>A sending account: a channel with its own hours, quotas and pace. A "day" is the account's local day.</summary>
public sealed class Account
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public AccountProvider Provider { get; set; }

    /// <summary>Null: none yet, so nothing can leave.</summary>
    public long? ChannelId { get; set; }

    /// <summary>IANA or Windows id.</summary>
    public required string TimeZone { get; set; }

    /// <summary>JSON of an <see cref="AccountPlan"/>.</summary>
    public required string Plan { get; set; }
    public AccountState State { get; set; }

    /// <summary>Grows when plan, state or breaker change: the fence of every start that was decided on an older one.</summary>
    public long Version { get; set; }

    /// <summary>Nothing of this account leaves before (minimum gap, or the pace of a backlog). Null: no gap runs.</summary>
    public DateTime? NextSendAt { get; set; }
    public DateTime? LastClaimAt { get; set; }

    /// <summary>What was due before this moment is backlog (a pause, a breaker, a downtime) and leaves at the pace of one.</summary>
    public DateTime? ResumedAt { get; set; }

    /// <summary>Closed to sending until then; null or past: closed circuit. With <see cref="Failures"/> above 0 one action is tried first.</summary>
    public DateTime? BreakerUntil { get; set; }
    public SendFailure? BreakerReason { get; set; }

    /// <summary>Failures in a row that were the account's.</summary>
    public int Failures { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>What one account has sent on one of its local days: the quota's ledger, a row per action type.</summary>
public sealed class AccountDay
{
    public long Id { get; set; }
    public long AccountId { get; set; }
    public ActionType Type { get; set; }

    /// <summary>yyyymmdd in the account's zone.</summary>
    public int Day { get; set; }

    /// <summary>Claimed or on their way: given back, or used, when that ends.</summary>
    public int Reserved { get; set; }

    /// <summary>Left, or may have left.</summary>
    public int Used { get; set; }
}
