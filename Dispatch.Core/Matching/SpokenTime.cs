using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Matching;

/// <summary>Times as people write them on a phone, in French and English: "demain 8h", "18:30", "dans 20 minutes", "tomorrow 8am", "lundi à 9h15". Pure.</summary>
public static partial class SpokenTime
{
    private static readonly string[] Filler =
        ["a", "le", "la", "les", "vers", "pour", "at", "on", "around", "about", "the", "de", "du", "svp", "stp", "please", "merci", "thanks", "heure", "heures", "prochain", "next", "i", "ok", "oui", "yes", "plutot", "rather", "et", "in"];

    private static readonly Dictionary<string, DayOfWeek> Weekdays = new(StringComparer.Ordinal)
    {
        ["lundi"] = DayOfWeek.Monday, ["mardi"] = DayOfWeek.Tuesday, ["mercredi"] = DayOfWeek.Wednesday, ["jeudi"] = DayOfWeek.Thursday, ["vendredi"] = DayOfWeek.Friday,
        ["samedi"] = DayOfWeek.Saturday, ["dimanche"] = DayOfWeek.Sunday, ["monday"] = DayOfWeek.Monday, ["tuesday"] = DayOfWeek.Tuesday, ["wednesday"] = DayOfWeek.Wednesday,
        ["thursday"] = DayOfWeek.Thursday, ["friday"] = DayOfWeek.Friday, ["saturday"] = DayOfWeek.Saturday, ["sunday"] = DayOfWeek.Sunday,
    };

    private static readonly string[] Months =
        ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre",
         "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    /// <summary>The moment that is meant, in the zone of <paramref name="now"/>, never before it; null: not understood. Without a day the next such time is meant.</summary>
    /// <param name="now">The wall clock of whoever writes.</param>
    public static DateTime? Parse(string? text, DateTime now)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > 80) return null;
        var left = Plain(text);
        if (Take(ref left, Immediately()) is not null) return IsFiller(left) ? now : null;
        if (Take(ref left, Relative()) is { } relative) return IsFiller(left) && Span(relative) is { } span ? now + span : null;

        if (!TakeDay(ref left, now, out var day, out var evening) || !TakeTime(ref left, evening, out var time)) return null;
        if (time is not { } clock || !IsFiller(left)) return null;
        if (day is { } date)
        {
            var at = date + clock;
            return at >= now ? at : null;
        }
        return now.Date + clock >= now ? now.Date + clock : now.Date.AddDays(1) + clock;
    }

    /// <summary>Lower case, without accents, single spaces.</summary>
    internal static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in OutsideText.Mend(text).ToLowerInvariant().Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark) continue;
            var ok = char.IsLetterOrDigit(c) || c is ':' or '/' or '.';
            if (ok) plain.Append(c);
            else if (plain.Length > 0 && plain[^1] != ' ') plain.Append(' ');
        }
        return plain.ToString().Trim(' ', '.');
    }

    private static TimeSpan? Span(Match relative)
    {
        var count = relative.Groups["n"].Value switch
        {
            "un" or "une" or "a" or "an" or "one" => 1.0,
            "deux" or "two" => 2,
            "trois" or "three" => 3,
            "une demi" or "half an" or "half a" or "demi" => 0.5,
            var digits => double.Parse(digits, CultureInfo.InvariantCulture),
        };
        var unit = relative.Groups["unit"].Value;
        var span = unit[0] switch { 'm' => TimeSpan.FromMinutes(count), 'h' => TimeSpan.FromHours(count), _ => TimeSpan.FromDays(count) };
        if (relative.Groups["more"] is { Success: true } more) span += TimeSpan.FromMinutes(more.Value.Contains("demi", StringComparison.Ordinal) ? 30 : int.Parse(more.Value, CultureInfo.InvariantCulture));
        return span <= TimeSpan.FromDays(60) ? span : null;
    }

    /// <summary>False: a date that does not exist. The day stays null when none is named.</summary>
    private static bool TakeDay(ref string left, DateTime now, out DateTime? day, out bool evening)
    {
        day = null;
        evening = false;
        if (Take(ref left, AfterTomorrow()) is not null) day = now.Date.AddDays(2);
        else if (Take(ref left, Tomorrow()) is not null) day = now.Date.AddDays(1);
        else if (Take(ref left, ThisEvening()) is not null) (day, evening) = (now.Date, true);
        else if (Take(ref left, Today()) is not null) day = now.Date;
        else if (Take(ref left, Date()) is { } date)
        {
            var month = int.TryParse(date.Groups["month"].Value, CultureInfo.InvariantCulture, out var m) ? m : (Array.IndexOf(Months, date.Groups["month"].Value) % 12) + 1;
            var year = date.Groups["year"] is { Success: true } y ? int.Parse(y.Value, CultureInfo.InvariantCulture) : now.Year;
            if (year < 100) year += 2000;
            var number = int.Parse(date.Groups["day"].Value, CultureInfo.InvariantCulture);
            if (month is < 1 or > 12 || number < 1 || number > DateTime.DaysInMonth(year, month)) return false;
            day = new DateTime(year, month, number, 0, 0, 0, now.Kind);
            if (day < now.Date && !date.Groups["year"].Success) day = day.Value.AddYears(1);
        }
        else
        {
            foreach (var (name, weekday) in Weekdays)
            {
                if (!left.Split(' ').Contains(name, StringComparer.Ordinal)) continue;
                left = string.Join(' ', left.Split(' ').Where(w => w != name));
                var ahead = ((int)weekday - (int)now.DayOfWeek + 7) % 7;
                day = now.Date.AddDays(ahead == 0 ? 7 : ahead);
                break;
            }
        }
        return true;
    }

    private static bool TakeTime(ref string left, bool evening, out TimeSpan? time)
    {
        time = null;
        var part = Take(ref left, PartOfDay())?.Value;
        evening |= part is "soir" or "evening";
        if (Take(ref left, Noon()) is not null) time = TimeSpan.FromHours(12);
        else if (Take(ref left, Midnight()) is not null) time = TimeSpan.Zero;
        else if (Take(ref left, Clock()) is { } clock)
        {
            var hour = int.Parse(clock.Groups["hour"].Value, CultureInfo.InvariantCulture);
            var minute = clock.Groups["minute"] is { Success: true } m ? int.Parse(m.Value, CultureInfo.InvariantCulture) : 0;
            var half = clock.Groups["half"].Value;
            if (half.Length > 0 && hour is < 1 or > 12) return false;
            if (half == "pm" && hour < 12) hour += 12;
            else if (half == "am" && hour == 12) hour = 0;
            else if (half.Length == 0 && hour < 12 && (evening || part is "apres midi" or "afternoon")) hour += 12;
            if (hour > 23 || minute > 59) return false;
            time = new TimeSpan(hour, minute, 0);
        }
        else
        {
            time = part switch { "matin" or "morning" => TimeSpan.FromHours(8), "apres midi" or "afternoon" => TimeSpan.FromHours(14), "soir" or "evening" => TimeSpan.FromHours(19), _ => null };
        }
        return true;
    }

    private static Match? Take(ref string left, Regex what)
    {
        var match = what.Match(left);
        if (!match.Success) return null;
        left = (left[..match.Index] + ' ' + left[(match.Index + match.Length)..]).Trim();
        return match;
    }

    private static bool IsFiller(string left) => left.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(w => Filler.Contains(w, StringComparer.Ordinal));

    [GeneratedRegex(@"\b(maintenant|tout de suite|immediatement|right now|now|asap)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Immediately();

    [GeneratedRegex(@"\b(dans|in|d ici) (?<n>\d{1,3}|une demi|half an|half a|demi|une|un|an|a|one|deux|two|trois|three) ?(?<unit>minutes?|mins?|mn|m|heures?|hours?|hrs?|h|jours?|days?|j|d)(?![a-z])( ?(et )?(?<more>demie?|\d{1,2})( ?(minutes?|mins?|mn))?)?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Relative();

    [GeneratedRegex(@"\b(apres demain|(the )?day after tomorrow)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AfterTomorrow();

    [GeneratedRegex(@"\b(demain|tomorrow|tmrw)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tomorrow();

    [GeneratedRegex(@"\b(ce soir|tonight|this evening)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ThisEvening();

    [GeneratedRegex(@"\b(aujourd hui|aujourdhui|today)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Today();

    [GeneratedRegex(@"\b(?<day>\d{1,2})(/(?<month>\d{1,2})(/(?<year>\d{4}|\d{2}))?| (?<month>janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|january|february|march|april|may|june|july|august|september|october|november|december)( (?<year>\d{4}))?)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Date();

    [GeneratedRegex(@"\b(matin|morning|apres midi|afternoon|soir|evening)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PartOfDay();

    [GeneratedRegex(@"\b(midi|noon)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Noon();

    [GeneratedRegex(@"\b(minuit|midnight)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Midnight();

    [GeneratedRegex(@"\b(?<hour>\d{1,2})( ?(h|heures?|:|\.) ?(?<minute>\d{2})?( ?(?<half>am|pm))?| ?(?<half>am|pm))(?![\w/])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clock();
}
