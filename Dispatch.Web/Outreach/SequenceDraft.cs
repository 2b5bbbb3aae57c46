using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

public enum DelayUnit { Minutes, Hours, Days }

/// <summary>A step of a sequence as it is typed.</summary>
public sealed class StepDraft
{
    public int? Amount { get; set; } = 3;
    public DelayUnit Unit { get; set; } = DelayUnit.Days;

    /// <summary>Monday first. None chosen: every day.</summary>
    public bool[] Days { get; } = new bool[7];
    public TimeOnly? From { get; set; }
    public TimeOnly? To { get; set; }

    /// <summary>Empty: its own text.</summary>
    public string Template { get; set; } = "";

    public static StepDraft Of(FollowupStep step)
    {
        var unit = step.Delay.Ticks % TimeSpan.TicksPerDay == 0 ? DelayUnit.Days : step.Delay.Ticks % TimeSpan.TicksPerHour == 0 ? DelayUnit.Hours : DelayUnit.Minutes;
        var draft = new StepDraft
        {
            Unit = unit, Amount = (int)(unit switch { DelayUnit.Days => step.Delay.TotalDays, DelayUnit.Hours => step.Delay.TotalHours, DelayUnit.Minutes => step.Delay.TotalMinutes }),
            From = step.From, To = step.To, Template = step.Template ?? "",
        };
        foreach (var day in step.Days) draft.Days[((int)day + 6) % 7] = true;
        return draft;
    }

    /// <summary>Nothing typed, or more than a year, is no delay: the rules refuse it.</summary>
    public FollowupStep Read()
    {
        var amount = Math.Clamp(Amount ?? 0, 0, 1_000_000);
        return new FollowupStep
        {
            Delay = Unit switch { DelayUnit.Days => TimeSpan.FromDays(amount), DelayUnit.Hours => TimeSpan.FromHours(amount), DelayUnit.Minutes => TimeSpan.FromMinutes(amount) },
            Days = Days.All(d => d) ? [] : [.. Enumerable.Range(0, 7).Where(i => Days[i]).Select(i => (DayOfWeek)((i + 1) % 7))],
            From = From, To = To, Template = Template.Length == 0 ? null : Template,
        };
    }
}
