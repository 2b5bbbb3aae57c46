using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;

namespace Dispatch.Web.Api;

/// <summary>Hours in which an account sends, by its own clock.</summary>
public sealed record WindowBody
{
    /// <summary>Such as ["Mon","Tue"] or [1,2] (1 is Monday, 7 Sunday) or "Mon-Fri"; none: every day.</summary>
    public JsonElement? Days { get; init; }

    /// <summary>Inclusive, such as 09:00.</summary>
    public string? From { get; init; }

    /// <summary>Exclusive, such as 18:00; 24:00 is the end of the day.</summary>
    public string? To { get; init; }
}

public sealed record WarmUpBody
{
    public int Start { get; init; }
    public int Days { get; init; }

    /// <summary>The first day, such as 2026-03-01; none: today.</summary>
    public DateOnly? From { get; init; }
}

public sealed record CreateAccount
{
    public string? Name { get; init; }

    /// <summary>Simulator, Whapi, Unipile, Meta or WorkerNumber, in any case.</summary>
    public string? Provider { get; init; }

    /// <summary>Key of a channel that exists; none: the account gets one of its own.</summary>
    public string? Channel { get; init; }

    /// <summary>IANA name; none: UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>Of a channel of its own at Whapi (token), Unipile or Meta; none: entered later on the Profiles page. Never given back.</summary>
    public ChannelCredentials? Credentials { get; init; }

    /// <summary>A local day's messages by action type: send_reply, send_first_contact, send_followup, send_invitation.</summary>
    public Dictionary<string, int>? Quotas { get; init; }

    /// <summary>Seconds between two messages; none: the standard of the provider.</summary>
    public int? MinGapSeconds { get; init; }

    /// <summary>None: always.</summary>
    public List<WindowBody>? Windows { get; init; }
    public List<DateOnly>? Holidays { get; init; }
    public WarmUpBody? WarmUp { get; init; }

    /// <summary>Of Meta, by kind and language: what goes where no text may.</summary>
    public List<TemplateBody>? Templates { get; init; }
}

/// <summary>A template that Meta approved.</summary>
public sealed record TemplateBody
{
    /// <summary>send_first_contact, or a step such as send_followup_A1.</summary>
    public string? Kind { get; init; }
    public string? Name { get; init; }

    /// <summary>Such as fr or en_US.</summary>
    public string? Language { get; init; }

    /// <summary>What stands for {{1}}, {{2}}, with placeholders as in texts.</summary>
    public List<string>? Parameters { get; init; }

    /// <summary>The approved text; shown, never sent.</summary>
    public string? Text { get; init; }
}

/// <summary>A step of a sequence.</summary>
public sealed record StepBody
{
    /// <summary>After the message before it, such as 2.00:00:00 (two days) or 04:00:00.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>As in windows of accounts; none: every day.</summary>
    public JsonElement? Days { get; init; }

    /// <summary>By the prospect's clock; none: any hour.</summary>
    public string? From { get; init; }
    public string? To { get; init; }

    /// <summary>The kind whose text it uses; none: its own.</summary>
    public string? Template { get; init; }
}

public sealed record ChangeSequence
{
    /// <summary>As it was read; none: whatever it is.</summary>
    public int? Version { get; init; }

    /// <summary>In their order, at most 20; empty: the sequence is off.</summary>
    public List<StepBody>? Steps { get; init; }
}

public sealed record StepAnswer(string Kind, TimeSpan Delay, IReadOnlyList<string> Days, TimeOnly? From, TimeOnly? To, string? Template);

/// <param name="Version">0: nobody changed it.</param>
public sealed record SequenceAnswer(string Letter, int Version, IReadOnlyList<StepAnswer> Steps, DateTime? ChangedAt, string? ChangedBy)
{
    public static SequenceAnswer Of(SequencePlan plan) => new(
        plan.Letter.ToString(), plan.Version,
        [.. plan.Steps.Select((s, i) => new StepAnswer(ActionKinds.FollowupOf(plan.Letter, i + 1), s.Delay, [.. s.Days.Select(d => d.ToString())], s.From, s.To, s.Template))], plan.ChangedAt, plan.ChangedBy);
}

public sealed record CreateProspect
{
    public string? Name { get; init; }
    public string? Phone { get; init; }

    /// <summary>Instead of a phone number: the provider's own id.</summary>
    public string? Address { get; init; }
    public long? AccountId { get; init; }
    public string? Language { get; init; }
    public string? Company { get; init; }
    public string? TimeZone { get; init; }

    /// <summary>True: the first contact leaves at once, or as soon as the account may.</summary>
    public bool Contact { get; init; }

    /// <summary>True: what he writes is answered without a moderator where the policy allows it.</summary>
    public bool Automatic { get; init; }
}

public sealed record CreateAction
{
    /// <summary>send_reply, send_first_contact, send_invitation, send_followup_A1 and so on.</summary>
    public string? Kind { get; init; }
    public long? ProspectId { get; init; }

    /// <summary>None: the prospect's.</summary>
    public long? AccountId { get; init; }

    /// <summary>None: the template of the kind; a reply needs it.</summary>
    public string? Content { get; init; }

    /// <summary>None, or past: as soon as it may.</summary>
    public DateTimeOffset? ScheduledAt { get; init; }

    /// <summary>Names the effect: the same key again answers with the first action. None: the natural one of its kind.</summary>
    public string? EffectKey { get; init; }
}

public sealed record ReconcileAction
{
    /// <summary>What a person knows; none: the gateway is asked.</summary>
    public bool? Sent { get; init; }
}

/// <summary>An action in the seed's words.</summary>
public sealed record ActionAnswer(
    long Id, string Kind, string Status, long AccountId, string AccountName, long ProspectId, string ProspectName, DateTime ScheduledAt, DateTime DueAt, int Attempts, string? WhyNotYet,
    DateTime? WaitsUntil, DateTime? ExpectedAt, DateTime CreatedAt, DateTime? StartedAt, DateTime? FinishedAt, string? ProviderMessageId, string? Error, string? ErrorClass)
{
    public static ActionAnswer Of(ActionRow r) => new(
        r.Id, r.Kind, OutreachWords.Of(r.Status), r.AccountId, r.AccountName, r.ProspectId, r.ProspectName, r.ScheduledAt, r.DueAt, r.Attempts, OutreachWords.Of(r.WhyNotYet), r.WaitsUntil,
        r.ExpectedAt, r.CreatedAt, r.StartedAt, r.FinishedAt, r.ProviderMessageId, r.Error, OutreachWords.Of(r.ErrorClass));
}

public sealed record QuotaAnswer(int? Limit, int Reserved, int Used, int? Remaining, int? Quota);

/// <param name="Quotas">By action type; a limit of null: none.</param>
/// <param name="BlockedBy">What holds the whole account now: paused, no_channel, breaker, window.</param>
public sealed record AccountQuotaAnswer(
    long AccountId, string Name, DateOnly Day, string TimeZone, IReadOnlyDictionary<string, QuotaAnswer> Quotas, string? BlockedBy, DateTime? BlockedUntil, DateTime? NextSendAt, int Pending)
{
    public static AccountQuotaAnswer Of(AccountRow r) => new(
        r.Id, r.Name, r.Today, r.TimeZone,
        r.Quotas.ToDictionary(q => ActionKinds.NameOf(q.Type), q => new QuotaAnswer(q.Limit, q.Reserved, q.Used, q.Limit is { } limit ? Math.Max(0, limit - q.Reserved - q.Used) : null, q.Quota)),
        OutreachWords.Of(r.Blocked?.Reason), r.Blocked?.Until, r.NextSendAt, r.Pending);
}

public sealed record AccountCreated(long Id, string Name);

public sealed record ProspectCreated(long Id, string Name);

/// <summary>The seed writes its words small and with underscores: pending, earlier_step.</summary>
internal static class OutreachWords
{
    private static readonly string[] Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    public static string Of(ActionStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    public static string? Of<T>(T? word)
        where T : struct, Enum => word is { } given ? JsonNamingPolicy.SnakeCaseLower.ConvertName(given.ToString()) : null;

    /// <summary>Null: wrong, and <paramref name="input"/> says what.</summary>
    public static AccountPlan? Plan(CreateAccount body, ApiInput input, DateOnly today)
    {
        var quotas = new Dictionary<ActionType, int>();
        foreach (var (name, quota) in body.Quotas ?? [])
        {
            if (ActionKinds.TypeNamed(name) is { } type) quotas[type] = quota;
            else input.Wrong("quotas", $"'{name}' is not an action type; allowed: {ActionKinds.Reply}, {ActionKinds.FirstContact}, {ActionKinds.Followup}, {ActionKinds.Invitation}.");
        }
        var windows = new List<SendWindow>();
        foreach (var window in body.Windows ?? [])
        {
            if (Time(window.From) is { } from && Time(window.To) is { } to && from != TimeSpan.FromDays(1) && DaysOf(window.Days) is { } days)
                windows.Add(new SendWindow(days, TimeOnly.FromTimeSpan(from), to == TimeSpan.FromDays(1) ? default : TimeOnly.FromTimeSpan(to)));
            else input.Wrong("windows", """Each is such as {"days":["Mon","Tue"],"from":"09:00","to":"18:00"}; days may also be numbers (1 is Monday) or "Mon-Fri", none is every day; to may be 24:00.""");
        }
        return input.IsBad ? null : new AccountPlan
        {
            Templates = [.. (body.Templates ?? []).Select(t => new PlanTemplate(t.Kind ?? "", t.Name ?? "", t.Language ?? "", t.Parameters ?? [], t.Text))],
            Windows = windows, Holidays = body.Holidays ?? [], Quotas = quotas, WarmUp = body.WarmUp is { } warm ? new WarmUp(warm.Start, warm.Days, warm.From ?? today) : null,
        };
    }

    /// <summary>Null: wrong, and <paramref name="input"/> says what.</summary>
    public static List<FollowupStep>? Steps(ChangeSequence body, ApiInput input)
    {
        var steps = new List<FollowupStep>();
        foreach (var (step, i) in (body.Steps ?? []).Select((s, i) => (s, i)))
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"steps[{i}].");
            var (from, to, days) = (Time(step.From), Time(step.To), DaysOf(step.Days));
            if (step.From is not null && (from is null || from == TimeSpan.FromDays(1))) input.Wrong(at + "from", "Such as 09:00, or none.");
            else if (step.To is not null && to is null) input.Wrong(at + "to", "Such as 18:00 or 24:00, or none.");
            else if (days is null) input.Wrong(at + "days", """Such as ["Mon","Tue"] or "Mon-Fri"; none: every day.""");
            else
            {
                steps.Add(new FollowupStep
                {
                    Delay = step.Delay ?? TimeSpan.Zero, Days = days, From = from is { } f ? TimeOnly.FromTimeSpan(f) : null, To = to is { } t ? t == TimeSpan.FromDays(1) ? default(TimeOnly) : TimeOnly.FromTimeSpan(t) : null,
                    Template = step.Template,
                });
            }
        }
        return input.IsBad ? null : steps;
    }

    private static TimeSpan? Time(string? text) => text == "24:00" ? TimeSpan.FromDays(1)
        : TimeOnly.TryParseExact(text, ["H:mm", "HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time.ToTimeSpan() : null;

    private static List<DayOfWeek>? DaysOf(JsonElement? element)
    {
        var days = new List<DayOfWeek>();
        IEnumerable<string> words;
        switch (element?.ValueKind)
        {
            case null or JsonValueKind.Null or JsonValueKind.Undefined: return days;
            case JsonValueKind.String: words = element.Value.GetString()!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries); break;
            case JsonValueKind.Array: words = element.Value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : e.ToString()); break;
            default: return null;
        }
        foreach (var word in words)
        {
            var ends = word.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length is not (1 or 2) || DayOf(ends[0]) is not { } first || DayOf(ends[^1]) is not { } last) return null;
            for (var day = first; ; day = (day + 1) % 7)
            {
                days.Add((DayOfWeek)((day + 1) % 7));
                if (day == last) break;
            }
        }
        return [.. days.Distinct()];
    }

    /// <summary>0 is Monday.</summary>
    private static int? DayOf(string word)
    {
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number is >= 1 and <= 7 ? number - 1 : null;
        if (word.Length < 3) return null;
        var day = Array.FindIndex(Days, d => word.StartsWith(d, StringComparison.OrdinalIgnoreCase));
        return day >= 0 && (word.Length == 3 || string.Equals(word, ((DayOfWeek)((day + 1) % 7)).ToString(), StringComparison.OrdinalIgnoreCase)) ? day : null;
    }
}
