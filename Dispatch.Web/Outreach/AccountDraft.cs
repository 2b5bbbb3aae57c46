using System.Globalization;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Web.Admin;

namespace Dispatch.Web.Outreach;

/// <summary>A window as it is typed.</summary>
public sealed class WindowDraft
{
    /// <summary>Monday first. None chosen: every day.</summary>
    public bool[] Days { get; } = new bool[7];
    public TimeOnly? From { get; set; } = new(9, 0);
    public TimeOnly? To { get; set; } = new(18, 0);

    public static WindowDraft Of(SendWindow window)
    {
        var draft = new WindowDraft { From = window.From, To = window.To };
        foreach (var day in window.Days) draft.Days[((int)day + 6) % 7] = true;
        return draft;
    }

    public SendWindow? Read() => From is { } from && To is { } to
        ? new SendWindow(Days.All(d => d) ? [] : [.. Enumerable.Range(0, 7).Where(i => Days[i]).Select(i => (DayOfWeek)((i + 1) % 7))], from, to) : null;
}

/// <summary>A template of the provider as it is typed.</summary>
public sealed class TemplateDraft
{
    public string Kind { get; set; } = ActionKinds.FirstContact;
    public string Name { get; set; } = "";
    public string Language { get; set; } = "fr";

    /// <summary>One a line.</summary>
    public string Parameters { get; set; } = "";
    public string Text { get; set; } = "";

    public static TemplateDraft Of(PlanTemplate t) => new() { Kind = t.Kind, Name = t.Name, Language = t.Language, Parameters = string.Join(Environment.NewLine, t.Parameters), Text = t.Text ?? "" };

    public PlanTemplate Read() => new(
        Kind, Name.Trim(), Language.Trim(), Parameters.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), Text.Trim() is { Length: > 0 } text ? text : null);
}

/// <summary>An account as it is typed, and what is wrong with it by the rules of the core.</summary>
public sealed class AccountDraft
{
    /// <summary>From top to bottom: the first of them that is wrong gets the focus.</summary>
    private static readonly string[] Fields = ["name", "channel", "timeZone", "quotas", "minGapSeconds", "warmUp", "windows", "holidays", "templates"];

    public string Name { get; set; } = "";

    /// <summary><c>new:Simulator</c>: a channel of its own of this provider; <c>key:sales</c>: one that exists.</summary>
    public string Channel { get; set; } = "new:" + nameof(ChannelProvider.Simulator);
    public string TimeZone { get; set; } = "UTC";
    public int? Reply { get; set; }
    public int? FirstContact { get; set; } = 20;
    public int? Followup { get; set; } = 40;
    public int? Invitation { get; set; }

    /// <summary>Of a channel of its own; forgotten with the form.</summary>
    public CredentialDraft Credentials { get; } = new();
    public List<TemplateDraft> Templates { get; } = [];

    /// <summary>Null in a new account: the standard of its provider.</summary>
    public int? GapSeconds { get; set; }
    public List<WindowDraft> Windows { get; } = [];

    /// <summary>Days such as 2026-12-25, with anything between them.</summary>
    public string Holidays { get; set; } = "";
    public bool WarmsUp { get; set; }
    public int? WarmUpStart { get; set; } = 5;
    public int? WarmUpDays { get; set; } = 14;
    public DateOnly? WarmUpFrom { get; set; }

    public string? ChannelKey => Channel.StartsWith("key:", StringComparison.Ordinal) ? Channel[4..] : null;

    public AccountProvider Provider => Channel.StartsWith("new:", StringComparison.Ordinal) && Enum.TryParse<AccountProvider>(Channel.AsSpan(4), out var provider) ? provider : default;

    public static AccountDraft Of(AccountRow row)
    {
        int? Quota(ActionType type) => row.Plan.Quotas.TryGetValue(type, out var quota) ? quota : null;
        var draft = new AccountDraft
        {
            Name = row.Name, TimeZone = row.TimeZone, Reply = Quota(ActionType.Reply), FirstContact = Quota(ActionType.FirstContact), Followup = Quota(ActionType.Followup),
            Invitation = Quota(ActionType.Invitation),
            GapSeconds = row.Plan.MinGapSeconds, Holidays = string.Join(Environment.NewLine, row.Plan.Holidays.Select(Text)), WarmsUp = row.Plan.WarmUp is not null,
        };
        if (row.Plan.WarmUp is { } warm) (draft.WarmUpStart, draft.WarmUpDays, draft.WarmUpFrom) = (warm.Start, warm.Days, warm.From);
        draft.Templates.AddRange(row.Plan.Templates.Select(TemplateDraft.Of));
        draft.Windows.AddRange(row.Plan.Windows.Select(WindowDraft.Of));
        return draft;
    }

    /// <param name="today">The first day of a warm-up that names none.</param>
    public (AccountPlan Plan, IReadOnlyList<FieldError> Errors) Read(DateOnly today)
    {
        var errors = new List<FieldError>();
        var windows = Windows.ConvertAll(w => w.Read());
        if (windows.Contains(null)) errors.Add(new("windows", "Missing", "Each has a beginning and an end."));
        var (holidays, wrong) = ReadDays(Holidays);
        if (wrong is not null) errors.Add(new("holidays", "BadDate", $"'{wrong}' is not a day such as 2026-12-25."));
        if (WarmsUp && (WarmUpStart is null || WarmUpDays is null)) errors.Add(new("warmUp", "OutOfRange", "start from 1 to 10000 messages a day, days from 1 to 365."));
        var quotas = new Dictionary<ActionType, int>();
        if (Reply is { } reply) quotas[ActionType.Reply] = reply;
        if (FirstContact is { } first) quotas[ActionType.FirstContact] = first;
        if (Followup is { } followup) quotas[ActionType.Followup] = followup;
        if (Invitation is { } invitation) quotas[ActionType.Invitation] = invitation;
        var plan = new AccountPlan
        {
            Windows = [.. windows.OfType<SendWindow>()], Holidays = holidays, Quotas = quotas, MinGapSeconds = GapSeconds ?? 0,
            Templates = Templates.ConvertAll(t => t.Read()),
            WarmUp = WarmsUp ? new WarmUp(WarmUpStart ?? 0, WarmUpDays ?? 0, WarmUpFrom ?? today) : null,
        };
        errors.AddRange(AccountRules.Check(Name, TimeZone.Trim(), plan).Where(e => !errors.Exists(known => known.Field == e.Field)));
        return (plan, [.. errors.OrderBy(e => Array.FindIndex(Fields, f => e.Field.StartsWith(f, StringComparison.Ordinal)))]);
    }

    private static (IReadOnlyList<DateOnly> Days, string? Wrong) ReadDays(string text)
    {
        var days = new List<DateOnly>();
        foreach (var word in text.Split([' ', ',', ';', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!DateOnly.TryParseExact(word, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return (days, word);
            days.Add(day);
        }
        return ([.. days.Distinct().Order()], null);
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
