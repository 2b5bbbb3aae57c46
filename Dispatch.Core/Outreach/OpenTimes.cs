namespace Dispatch.Core.Outreach;

/// <summary>Hours by the wall clock of a zone.</summary>
public sealed record SendTimes(IReadOnlyList<SendWindow> Windows, IReadOnlyList<DateOnly> Holidays, TimeZoneInfo Zone);

/// <summary>An open stretch within one local day. From inclusive, to exclusive; UTC.</summary>
public readonly record struct OpenSpan(DateTime From, DateTime To, DateOnly Day);

/// <summary>
/// When a wall clock is inside hours, also on the days on which it is set: an hour that is left out opens nothing, one that comes twice is open twice. Pure.
/// </summary>
public static class OpenTimes
{
    /// <summary>Further ahead nothing is looked for.</summary>
    public const int MaxDays = 400;

    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);
    private static readonly SendWindow WholeDay = new([], default, default);

    public static bool IsOpen(SendTimes times, DateTime utc)
    {
        var local = TimeZoneInfo.ConvertTimeFromUtc(utc, times.Zone);
        return !times.Holidays.Contains(DateOnly.FromDateTime(local))
            && (times.Windows.Count == 0 || times.Windows.Any(w => w.IsOn(local.DayOfWeek) && local.TimeOfDay >= w.Start && local.TimeOfDay < w.End));
    }

    /// <summary>The first open moment from <paramref name="from"/> on; null: none in <see cref="MaxDays"/>.</summary>
    public static DateTime? Next(SendTimes times, DateTime from)
    {
        foreach (var span in Spans(times, from)) return span.From;
        return null;
    }

    /// <summary>The first moment that is open in both.</summary>
    public static DateTime? Next(SendTimes one, SendTimes other, DateTime from)
    {
        var end = from.AddDays(MaxDays);
        for (var at = from; at < end;)
        {
            if (Next(one, at) is not { } first || Next(other, first) is not { } second) return null;
            if (first == second) return first;
            at = second;
        }
        return null;
    }

    /// <summary>Open stretches from <paramref name="from"/> on, in order, apart from each other.</summary>
    public static IEnumerable<OpenSpan> Spans(SendTimes times, DateTime from)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(from, times.Zone));
        for (var last = day.AddDays(MaxDays); day <= last; day = day.AddDays(1))
        {
            foreach (var span in SpansOf(times, day))
            {
                if (span.To > from) yield return span with { From = span.From > from ? span.From : from };
            }
        }
    }

    private static List<OpenSpan> SpansOf(SendTimes times, DateOnly day)
    {
        var spans = new List<OpenSpan>();
        if (times.Holidays.Contains(day)) return spans;
        var midnight = day.ToDateTime(default);
        foreach (var (from, to, offset) in Segments(times.Zone, midnight))
        {
            foreach (var window in times.Windows.Count == 0 ? [WholeDay] : times.Windows)
            {
                if (!window.IsOn(day.DayOfWeek)) continue;
                var opens = Utc(midnight + window.Start - offset);
                var closes = Utc(midnight + window.End - offset);
                if (opens < from) opens = from;
                if (closes > to) closes = to;
                if (opens < closes) spans.Add(new OpenSpan(opens, closes, day));
            }
        }
        return Joined(spans);
    }

    /// <summary>What overlaps or touches is one stretch: a long window may hold several of the later ones.</summary>
    private static List<OpenSpan> Joined(List<OpenSpan> spans)
    {
        spans.Sort((a, b) => a.From.CompareTo(b.From));
        var joined = new List<OpenSpan>(spans.Count);
        foreach (var span in spans)
        {
            if (joined.Count == 0 || span.From > joined[^1].To) joined.Add(span);
            else if (span.To > joined[^1].To) joined[^1] = joined[^1] with { To = span.To };
        }
        return joined;
    }

    /// <summary>The local day in pieces of one offset each.</summary>
    private static IEnumerable<(DateTime From, DateTime To, TimeSpan Offset)> Segments(TimeZoneInfo zone, DateTime midnight)
    {
        var from = StartOf(zone, midnight);
        var to = StartOf(zone, midnight + OneDay);
        if (from >= to) yield break; // a day that a zone left out by moving over the date line
        var (before, after) = (zone.GetUtcOffset(from), zone.GetUtcOffset(to.AddTicks(-1)));
        if (before == after)
        {
            yield return (from, to, before);
            yield break;
        }
        var change = ChangeBetween(zone, from, to, before);
        yield return (from, change, before);
        yield return (change, to, after);
    }

    /// <summary>The first moment of the local day that begins at this local midnight.</summary>
    private static DateTime StartOf(TimeZoneInfo zone, DateTime midnight)
    {
        var (before, after) = (zone.GetUtcOffset(Utc(midnight - OneDay)), zone.GetUtcOffset(Utc(midnight + OneDay)));
        var (early, late) = (Utc(midnight - before), Utc(midnight - after));
        if (zone.GetUtcOffset(early) == before) return early;
        if (zone.GetUtcOffset(late) == after) return late;
        // Midnight itself is left out: the day begins when the clock is set.
        return ChangeBetween(zone, Utc(midnight - OneDay), Utc(midnight + OneDay), before);
    }

    private static DateTime ChangeBetween(TimeZoneInfo zone, DateTime from, DateTime to, TimeSpan before)
    {
        var (low, high) = (from.Ticks, to.Ticks);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (zone.GetUtcOffset(new DateTime(middle, DateTimeKind.Utc)) == before) low = middle;
            else high = middle;
        }
        return new DateTime(high, DateTimeKind.Utc);
    }

    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
