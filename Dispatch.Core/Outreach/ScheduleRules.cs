namespace Dispatch.Core.Outreach;

/// <summary>What keeps an action from leaving.</summary>
public enum WaitReason
{
    /// <summary>Planned for later.</summary>
    Scheduled,
    /// <summary>It failed and is tried again later.</summary>
    Retry,
    /// <summary>An earlier message to the same prospect is not through.</summary>
    EarlierStep,
    Paused,
    /// <summary>The account has no channel to send on.</summary>
    NoChannel,
    /// <summary>The account's circuit breaker is open.</summary>
    Breaker,
    Window,
    Quota,
    /// <summary>The minimum gap, or the pace of a backlog.</summary>
    Gap,
    /// <summary>Others before it leave first.</summary>
    Queue,
}

/// <param name="Until">UTC, when this reason ends by itself; null: not foreseeable.</param>
public sealed record Wait(WaitReason Reason, DateTime? Until);

/// <summary>How many actions of a type may be claimed now, or why none.</summary>
public sealed record Budget(int Count, Wait? Wait);

/// <summary>What a person, or the answer to somebody who wrote, may pass over. Quota, breaker and pause never.</summary>
[Flags]
public enum Overrides { None = 0, Window = 1, Gap = 2 }

/// <summary>The arithmetic of time: windows, holidays, zones, gaps, quotas. Pure.</summary>
public static class ScheduleRules
{
    /// <summary>
    /// Seed 004 <c>calculate_scheduled_time</c>: the first moment that is after the previous message by the step's delay, not before <paramref name="now"/>, inside the account's
    /// hours and inside the step's hours by the prospect's clock. Null: the hours never meet.
    /// </summary>
    public static DateTime? CalculateScheduledTime(FollowupStep step, DateTime previous, SendTimes account, TimeZoneInfo? prospectZone, DateTime now)
    {
        var earliest = previous + step.Delay;
        if (earliest < now) earliest = now;
        return OpenTimes.Next(account, new SendTimes(step.Windows, [], prospectZone ?? account.Zone), earliest);
    }

    /// <summary>How many of a type may be claimed now.</summary>
    /// <param name="most">At most so many.</param>
    public static Budget BudgetOf(AccountFacts account, ActionType type, DayCount today, int most, DateTime now, Overrides overrides = Overrides.None)
    {
        if (Blocked(account, type, today, now, overrides) is { } wait) return new Budget(0, wait);
        var count = Math.Min(most, QuotaRules.Headroom(account.Limit(type, now), today.Reserved, today.Used));
        // After failures one goes first and shows whether the others may follow.
        if (account.MinGap > TimeSpan.Zero || account.Row.Failures > 0) count = Math.Min(count, 1);
        return new Budget(count, null);
    }

    /// <summary>From one that was due then to the next message of the account; zero: none. Backlog has its own pace.</summary>
    public static TimeSpan GapAfter(AccountFacts account, ActionType type, DateTime due, OutreachOptions options) =>
        IsPaced(account, type, due) && options.CatchUpGap > account.MinGap ? options.CatchUpGap : account.MinGap;

    /// <summary>It became overdue in a pause, behind an open breaker or in a downtime; or it goes first after the breaker, and the others may be such. Who is answered has waited enough.</summary>
    public static bool IsPaced(AccountFacts account, ActionType type, DateTime due) =>
        type != ActionType.Reply && (due < account.ResumedAt || account.Row is { Failures: > 0, BreakerUntil: not null });

    /// <summary>An account that was idle finds old work: there was a downtime, its hours were closed, or its day was full. From now on that is backlog and leaves at the pace of one.</summary>
    public static bool IsBacklog(AccountFacts account, ActionType type, DateTime headDue, DateTime now, OutreachOptions options) =>
        type != ActionType.Reply && headDue < now - options.OverdueAfter && !(account.Row.LastClaimAt >= now - options.OverdueAfter);

    /// <summary>
    /// What was seen of the account a moment ago is enough to claim what is due of it now: nothing holds it, nothing of it waits that has a pace, and no failure wants one to go first.
    /// Otherwise a fresh look judges.
    /// </summary>
    internal static bool IsAtEase(AccountWork seen, DateTime now, OutreachOptions options)
    {
        var (account, row) = (seen.Account, seen.Account.Row);
        return row is { State: AccountState.Active, Failures: 0 } && account.Channel is not null && !(row.BreakerUntil > now) && !(row.NextSendAt > now) && OpenTimes.IsOpen(account.Times, now)
            && !seen.Heads.Any(h => h.Due < now - options.OverdueAfter || IsPaced(account, h.Type, h.Due));
    }

    /// <summary>What of the account holds back a type right now; null: nothing.</summary>
    public static Wait? Blocked(AccountFacts account, ActionType type, DayCount today, DateTime now, Overrides overrides = Overrides.None)
    {
        var row = account.Row;
        if (row.State == AccountState.Paused) return new Wait(WaitReason.Paused, null);
        if (account.Channel is null) return new Wait(WaitReason.NoChannel, null);
        if (row.BreakerUntil > now) return new Wait(WaitReason.Breaker, row.BreakerUntil);
        if (!overrides.HasFlag(Overrides.Window) && !OpenTimes.IsOpen(account.Times, now)) return new Wait(WaitReason.Window, OpenTimes.Next(account.Times, now));
        if (!QuotaRules.ShouldProcessToday(account.Limit(type, now), today.Reserved, today.Used)) return new Wait(WaitReason.Quota, NextDay(account, now));
        if (!overrides.HasFlag(Overrides.Gap) && row.NextSendAt > now) return new Wait(WaitReason.Gap, row.NextSendAt);
        return null;
    }

    /// <summary>Why a pending action has not left; null: it is about to.</summary>
    /// <param name="ahead">Others of its account and type that leave first.</param>
    public static Wait? WhyNotYet(AccountFacts account, ActionType type, DateTime due, int attempts, bool earlierStep, int ahead, DayCount today, DateTime now)
    {
        if (earlierStep) return new Wait(WaitReason.EarlierStep, null);
        if (due > now) return new Wait(attempts > 0 ? WaitReason.Retry : WaitReason.Scheduled, due);
        return Blocked(account, type, today, now) ?? (ahead > 0 ? new Wait(WaitReason.Queue, null) : null);
    }

    /// <summary>
    /// When an action is expected to leave with so many of its account and type before it: through the open hours at the account's gap or the pace of a backlog, as many a day as the
    /// quota lets. Null: not within a year, or nobody can say (paused, no channel).
    /// </summary>
    public static DateTime? Forecast(AccountFacts account, ActionType type, DateTime due, int ahead, DayCount today, DateTime now, OutreachOptions options)
    {
        if (account.Row.State == AccountState.Paused || account.Channel is null) return null;
        var from = Latest(now, due, account.Row.BreakerUntil, account.Row.NextSendAt);
        var currentDay = account.DayOf(now);
        var (day, left) = (DateOnly.MinValue, 0);
        foreach (var span in OpenTimes.Spans(account.Times, from))
        {
            if (span.Day != day)
            {
                day = span.Day;
                var counts = day == currentDay ? today : default;
                left = QuotaRules.Headroom(QuotaRules.Limit(account.Plan, type, day), counts.Reserved, counts.Used);
            }
            var gap = IsBacklog(account, type, due, span.From, options) && options.CatchUpGap > account.MinGap ? options.CatchUpGap : GapAfter(account, type, due, options);
            var room = gap == TimeSpan.Zero ? left : (int)Math.Min(left, ((span.To - span.From).Ticks - 1) / gap.Ticks + 1);
            if (ahead < room) return span.From + (gap * ahead);
            ahead -= room;
            left -= room;
        }
        return null;
    }

    /// <summary>When the account's next local day opens.</summary>
    private static DateTime? NextDay(AccountFacts account, DateTime now)
    {
        var today = account.DayOf(now);
        foreach (var span in OpenTimes.Spans(account.Times, now))
        {
            if (span.Day > today) return span.From;
        }
        return null;
    }

    private static DateTime Latest(DateTime first, params ReadOnlySpan<DateTime?> others)
    {
        foreach (var other in others)
        {
            if (other > first) first = other.Value;
        }
        return first;
    }
}
