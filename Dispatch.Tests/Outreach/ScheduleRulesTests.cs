using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using FsCheck;
using FsCheck.Fluent;

namespace Dispatch.Tests.Outreach;

/// <summary>Properties of the schedule arithmetic over zones with and without daylight saving, over midnight changes and half hours, against the wall clock as the only judge.</summary>
public sealed class ScheduleRulesTests
{
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Paris", "America/New_York", "Africa/Dakar", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Africa/Casablanca",
        "America/Sao_Paulo",
    ];

    private static readonly DateTime Epoch = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly OutreachOptions Options = new();

    private sealed record Case(SendTimes Times, DateTime From, int Seed);

    [Fact]
    public void Next_OfAnyHours_IsOpenAndNothingBeforeIsLeftOut() => Holds(c =>
    {
        if (OpenTimes.Next(c.Times, c.From) is not { } next) return NothingIsOpen(c.Times, c.From);
        if (next < c.From || !OpenTimes.IsOpen(c.Times, next)) return false;
        // Every ten minutes, and the last moment: all closed until then.
        for (var at = c.From; at < next && at < c.From.AddDays(20); at = at.AddMinutes(10))
        {
            if (OpenTimes.IsOpen(c.Times, at)) return false;
        }
        return next == c.From || !OpenTimes.IsOpen(c.Times, next.AddTicks(-1));
    });

    [Fact]
    public void Spans_OfAnyHours_AreExactlyWhenTheWallClockIsInside() => Holds(c =>
    {
        var spans = OpenTimes.Spans(c.Times, c.From).TakeWhile(s => s.From < c.From.AddDays(8)).ToList();
        for (var i = 1; i < spans.Count; i++)
        {
            if (spans[i].From < spans[i - 1].To) return false;
        }
        for (var at = c.From; at < c.From.AddDays(7); at = at.AddMinutes(7))
        {
            if (OpenTimes.IsOpen(c.Times, at) != spans.Exists(s => s.From <= at && at < s.To)) return false;
        }
        return true;
    });

    [Fact]
    public void CalculateScheduledTime_OfAnySequenceThatMayBeSaved_GoesForwardInsideEveryWindowAndLosesNoOpenMinute() => Holds(c =>
    {
        var random = new Random(c.Seed);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[random.Next(Zones.Length)]);
        var steps = Enumerable.Range(0, random.Next(1, 6)).Select(_ => AnyStep(random)).ToList();
        if (SequenceRules.Check('A', steps, _ => true).Count > 0) return false;
        var (previous, now) = (c.From, c.From);
        foreach (var step in steps)
        {
            if (ScheduleRules.CalculateScheduledTime(step, previous, c.Times, zone, now) is not { } at) return true;
            var own = new SendTimes(step.Windows, [], zone);
            if (at < previous + step.Delay || at <= previous || !OpenTimes.IsOpen(c.Times, at) || !OpenTimes.IsOpen(own, at)) return false;
            var earliest = previous + step.Delay > now ? previous + step.Delay : now;
            // Every quarter of an hour before it one of the two is closed.
            for (var before = earliest; before < at && before < earliest.AddDays(15); before = before.AddMinutes(15))
            {
                if (OpenTimes.IsOpen(c.Times, before) && OpenTimes.IsOpen(own, before)) return false;
            }
            // Sent at its time, or somewhat late: the next one counts from there.
            previous = at.AddMinutes(random.Next(0, 600));
            now = previous;
        }
        return true;
    });

    /// <summary>Within the bounds of <see cref="SequenceRules"/>: with or without hours, with or without days.</summary>
    private static FollowupStep AnyStep(Random random)
    {
        var from = random.Next(0, 23);
        var hours = random.Next(3) > 0;
        return new FollowupStep
        {
            Delay = TimeSpan.FromMinutes(random.Next(1, 30_000)), Days = random.Next(2) == 0 ? [] : [.. Enum.GetValues<DayOfWeek>().Where(_ => random.Next(2) == 0)],
            From = hours ? new TimeOnly(from, random.Next(60)) : null, To = hours ? random.Next(4) == 0 ? default(TimeOnly) : new TimeOnly(random.Next(from + 1, 24), random.Next(60)) : null,
        };
    }

    [Fact]
    public void CalculateScheduledTime_OfAnyStep_IsAfterThePreviousByItsDelayInsideBothHours() => Holds(c =>
    {
        var random = new Random(c.Seed);
        var step = new FollowupStep { Delay = TimeSpan.FromMinutes(random.Next(1, 20_000)), From = new TimeOnly(random.Next(0, 12), 30), To = new TimeOnly(random.Next(13, 24), 0) };
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[random.Next(Zones.Length)]);
        var now = c.From.AddMinutes(random.Next(-5000, 5000));
        if (ScheduleRules.CalculateScheduledTime(step, c.From, c.Times, zone, now) is not { } at) return true;
        return at >= c.From + step.Delay && at >= now && OpenTimes.IsOpen(c.Times, at) && OpenTimes.IsOpen(new SendTimes(step.Windows, [], zone), at);
    });

    [Fact]
    public void Forecast_OfALine_IsOpenKeepsTheGapAndNeverTheQuota() => Holds(c =>
    {
        var random = new Random(c.Seed);
        var gap = random.Next(3) == 0 ? 0 : random.Next(1, 4000);
        var quota = random.Next(1, 12);
        var plan = new AccountPlan
        {
            Windows = c.Times.Windows, Holidays = c.Times.Holidays, MinGapSeconds = gap, Quotas = new Dictionary<ActionType, int> { [ActionType.Followup] = quota },
            WarmUp = random.Next(2) == 0 ? new WarmUp(1, random.Next(1, 20), DateOnly.FromDateTime(c.From)) : null,
        };
        var account = Facts(plan, c.Times.Zone);
        var today = new DayCount(0, random.Next(0, quota + 1));
        var perDay = new Dictionary<DateOnly, int> { [account.DayOf(c.From)] = today.Used };
        DateTime? previous = null;
        for (var ahead = 0; ahead < 30; ahead++)
        {
            if (ScheduleRules.Forecast(account, ActionType.Followup, c.From, ahead, today, c.From, Options) is not { } at) return NothingIsOpen(c.Times, c.From) || ahead > 0;
            if (at < c.From || !OpenTimes.IsOpen(account.Times, at) || at < previous) return false;
            var day = account.DayOf(at);
            perDay[day] = perDay.GetValueOrDefault(day) + 1;
            if (perDay[day] > QuotaRules.Limit(plan, ActionType.Followup, day)) return false;
            previous = at;
        }
        return true;
    });

    [Fact]
    public void Budget_OfAnyAccount_NeverPassesTheQuotaNorOpensClosedHours() => Holds(c =>
    {
        var random = new Random(c.Seed);
        var quota = random.Next(0, 10);
        var account = Facts(new AccountPlan
            { Windows = c.Times.Windows, Holidays = c.Times.Holidays, MinGapSeconds = random.Next(0, 2) * 30, Quotas = new Dictionary<ActionType, int> { [ActionType.FirstContact] = quota } }, c.Times.Zone);
        var today = new DayCount(random.Next(0, 6), random.Next(0, 6));
        var budget = ScheduleRules.BudgetOf(account, ActionType.FirstContact, today, 100, c.From);
        if (budget.Count == 0) return budget.Wait is not null;
        return budget.Count + today.Reserved + today.Used <= quota && OpenTimes.IsOpen(account.Times, c.From) && (account.Plan.MinGapSeconds == 0 || budget.Count == 1);
    });

    [Fact]
    public void Spans_OfAWindowThatHoldsSeveralOthers_AreOne()
    {
        var times = new SendTimes(
            [new SendWindow([], new TimeOnly(8, 0), new TimeOnly(18, 0)), new SendWindow([], new TimeOnly(9, 0), new TimeOnly(10, 0)), new SendWindow([], new TimeOnly(11, 0), new TimeOnly(12, 0))],
            [], TimeZoneInfo.Utc);

        Assert.Equal([new OpenSpan(Epoch.AddHours(8), Epoch.AddHours(18), DateOnly.FromDateTime(Epoch))], OpenTimes.Spans(times, Epoch).Take(1));
        Assert.Equal(Epoch.AddHours(32), OpenTimes.Spans(times, Epoch).ElementAt(1).From);
    }

    [Theory]
    [InlineData("Europe/Paris", "2026-03-29", 23)]
    [InlineData("Europe/Paris", "2026-10-25", 25)]
    [InlineData("Europe/Paris", "2026-06-01", 24)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", 24.5)]
    [InlineData("America/Santiago", "2026-09-06", 23)]
    [InlineData("America/Havana", "2026-11-01", 25)]
    public void Day_OnWhichTheClockIsSet_HasItsHours(string zone, string day, double hours)
    {
        var times = new SendTimes([], [], TimeZoneInfo.FindSystemTimeZoneById(zone));
        var date = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);

        var span = OpenTimes.Spans(times, date.ToDateTime(new TimeOnly(0, 0), DateTimeKind.Utc).AddDays(-2)).First(s => s.Day == date);
        var open = OpenTimes.Spans(times, span.From.AddHours(-1)).Where(s => s.Day == date).Sum(s => (s.To - s.From).TotalHours);

        Assert.Equal(hours, open);
    }

    [Fact]
    public void Window_InTheHourThatIsLeftOut_OpensNothingThatDay()
    {
        var times = new SendTimes([new SendWindow([], new TimeOnly(2, 0), new TimeOnly(3, 0))], [], TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris"));

        Assert.Equal(new DateTime(2026, 3, 30, 0, 0, 0, DateTimeKind.Utc), OpenTimes.Next(times, new DateTime(2026, 3, 28, 12, 0, 0, DateTimeKind.Utc)));
    }

    [Fact]
    public void Window_InTheHourThatComesTwice_IsOpenTwice()
    {
        var times = new SendTimes([new SendWindow([], new TimeOnly(2, 0), new TimeOnly(2, 30))], [], TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris"));

        var spans = OpenTimes.Spans(times, new DateTime(2026, 10, 24, 12, 0, 0, DateTimeKind.Utc)).Take(2).ToList();

        Assert.Equal([new DateTime(2026, 10, 25, 0, 0, 0, DateTimeKind.Utc), new DateTime(2026, 10, 25, 1, 0, 0, DateTimeKind.Utc)], spans.Select(s => s.From));
    }

    [Fact]
    public void WhyNotYet_NamesWhatHolds()
    {
        var now = Epoch.AddHours(12);
        var plan = new AccountPlan { Quotas = new Dictionary<ActionType, int> { [ActionType.Followup] = 2 }, Windows = [new SendWindow([], new TimeOnly(9, 0), new TimeOnly(18, 0))] };
        WaitReason? Why(AccountFacts account, DateTime due, int attempts = 0, bool earlier = false, int ahead = 0, int used = 0, DateTime? at = null) =>
            ScheduleRules.WhyNotYet(account, ActionType.Followup, due, attempts, earlier, ahead, new DayCount(0, used), at ?? now)?.Reason;

        Assert.Null(Why(Facts(plan), now));
        Assert.Equal(WaitReason.Scheduled, Why(Facts(plan), now.AddHours(1)));
        Assert.Equal(WaitReason.Retry, Why(Facts(plan), now.AddHours(1), attempts: 1));
        Assert.Equal(WaitReason.EarlierStep, Why(Facts(plan), now, earlier: true));
        Assert.Equal(WaitReason.Queue, Why(Facts(plan), now, ahead: 3));
        Assert.Equal(WaitReason.Quota, Why(Facts(plan), now, used: 2));
        Assert.Equal(WaitReason.Window, Why(Facts(plan), now.AddHours(-6), at: now.AddHours(-6)));
        Assert.Equal(WaitReason.Gap, Why(Facts(plan, change: a => a.NextSendAt = now.AddSeconds(5)), now));
        Assert.Equal(WaitReason.Breaker, Why(Facts(plan, change: a => a.BreakerUntil = now.AddHours(1)), now));
        Assert.Equal(WaitReason.Paused, Why(Facts(plan, change: a => a.State = AccountState.Paused), now));
        Assert.Equal(WaitReason.NoChannel, Why(Facts(plan) with { Channel = null }, now));
    }

    private static bool NothingIsOpen(SendTimes times, DateTime from)
    {
        for (var at = from; at < from.AddDays(60); at = at.AddMinutes(15))
        {
            if (OpenTimes.IsOpen(times, at)) return false;
        }
        return true;
    }

    private static AccountFacts Facts(AccountPlan plan, TimeZoneInfo? zone = null, Action<Account>? change = null)
    {
        var row = new Account { Name = "A", TimeZone = "UTC", Plan = "", Version = 1, LastClaimAt = Epoch };
        change?.Invoke(row);
        return new AccountFacts(row, plan, zone ?? TimeZoneInfo.Utc, new ChannelFacts(1, "c", ChannelProvider.Simulator, null));
    }

    private static void Holds(Func<Case, bool> property) => Prop.ForAll(Gen.Choose(0, int.MaxValue).Select(Make).ToArbitrary(), property).QuickCheckThrowOnFailure();

    /// <summary>Any zone, any hours, holidays, a moment within a year and a half; a third of them around a change of the clock in Paris.</summary>
    private static Case Make(int seed)
    {
        var random = new Random(seed);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[random.Next(Zones.Length)]);
        DateTime[] changes = [new(2026, 3, 29, 0, 0, 0, DateTimeKind.Utc), new(2026, 10, 25, 0, 0, 0, DateTimeKind.Utc), new(2026, 4, 5, 0, 0, 0, DateTimeKind.Utc), new(2026, 9, 6, 0, 0, 0, DateTimeKind.Utc)];
        var from = random.Next(3) == 0 ? changes[random.Next(changes.Length)].AddMinutes(random.Next(-3000, 3000)) : Epoch.AddMinutes(random.Next(0, 800_000));
        var windows = Enumerable.Range(0, random.Next(0, 4)).Select(_ =>
        {
            var start = random.Next(0, 1430);
            var end = random.Next(start + 1, 1441);
            var days = random.Next(2) == 0 ? [] : Enum.GetValues<DayOfWeek>().Where(_ => random.Next(2) == 0).ToArray();
            return new SendWindow(days, TimeOnly.MinValue.AddMinutes(start), end == 1440 ? default : TimeOnly.MinValue.AddMinutes(end));
        }).ToList();
        var holidays = Enumerable.Range(0, random.Next(0, 4)).Select(_ => DateOnly.FromDateTime(from).AddDays(random.Next(-2, 12))).ToList();
        return new Case(new SendTimes(windows, holidays, zone), from.AddSeconds(random.Next(60)), seed);
    }
}
