using System.Globalization;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Web.Browser;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Outreach;

/// <summary>Actions, accounts and prospects in plain sentences of the person's language.</summary>
public sealed class OutreachSentences(IStringLocalizer<Resources.Outreach> words, IStringLocalizer<Resources.Text> text, BrowserTime time)
{
    private const string Missing = "MissingValue:";

    public string this[string key] => words[key];

    /// <summary>"Follow-up A1" for <c>send_followup_A1</c>.</summary>
    public string Kind(string kind) => ActionKinds.StepOf(kind) is { } step
        ? words["KindStep", step.Sequence, step.Step] : ActionKinds.TypeOf(kind) is { } type ? words["Type_" + type] : kind;

    /// <summary>Why a pending action has not left, with the time when this reason ends by itself.</summary>
    public string WhyNotYet(ActionRow row) => row.WhyNotYet is not { } why ? words["Wait_None"].Value : Wait(new Wait(why, row.WaitsUntil));

    public string Wait(Wait wait) => wait.Until is { } until ? words["WaitUntil_" + wait.Reason, time.Short(until)] : words["Wait_" + wait.Reason];

    /// <summary>An action's or an execution's error as a sentence; null: there is none.</summary>
    public string? Error(string? error) => error switch
    {
        null or "" => null,
        _ when error.StartsWith(Missing, StringComparison.Ordinal) => words["Error_MissingValue", "{" + error[Missing.Length..] + "}"].Value,
        _ when Enum.TryParse<SendFailure>(error, out _) || Enum.TryParse<ActionEnd>(error, out _) => words["Error_" + error].Value,
        _ => words["Error_Other", error].Value,
    };

    public string Stop(StopReason reason) => words["Stop_" + reason];

    /// <summary>"2 d", "4 h", "1 min": how long a step waits.</summary>
    public string Length(TimeSpan length) => RelativeTime.Length(length, text);

    public string Hours(SendWindow window)
    {
        var hours = words["WindowHours", Clock(window.From), window.To == default ? "24:00" : Clock(window.To)];
        return window.Days.Count is 0 or 7 ? words["WindowEveryDay", hours] : words["WindowOn", Days(window.Days), hours];
    }

    /// <summary>"Mon to Fri", "Mon, Wed".</summary>
    public string Days(IReadOnlyList<DayOfWeek> days)
    {
        var week = days.Select(d => ((int)d + 6) % 7).Distinct().Order().ToList();
        var names = week.ConvertAll(d => CultureInfo.CurrentCulture.DateTimeFormat.GetAbbreviatedDayName((DayOfWeek)((d + 1) % 7)));
        return week.Count > 2 && week[^1] - week[0] == week.Count - 1 ? words["DayRange", names[0], names[^1]] : string.Join(", ", names);
    }

    /// <summary>What became of a person's step on one action.</summary>
    public string Outcome(ActionOutcome outcome) => outcome switch
    {
        { Result: ActionResult.Refused, Wait: { } wait } => words["Outcome_RefusedBy", Wait(wait)],
        { Result: ActionResult.WrongStatus, Status: { } status } => words["Outcome_WrongStatusNow", words["Status_" + status]],
        { Result: ActionResult.Failed, Error: { } error } => words["Outcome_FailedBy", Error(error)!],
        _ => words["Outcome_" + outcome.Result],
    };

    private static string Clock(TimeOnly at) => at.ToString("HH:mm", CultureInfo.InvariantCulture);
}
