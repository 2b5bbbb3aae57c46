using System.Globalization;
using Dispatch.Core.Matching;

namespace Dispatch.Core.Outreach;

/// <summary>What a sequence may be. Pure; the page and the API both ask here.</summary>
public static class SequenceRules
{
    public const int MaxSteps = 20;
    public static readonly TimeSpan MinDelay = TimeSpan.FromMinutes(1), MaxDelay = TimeSpan.FromDays(365);

    /// <summary>Each error names its step from 0: <c>steps[1].delay</c>. Empty: nothing is wrong; a sequence without steps is off.</summary>
    /// <param name="hasText">Whether there is a text of a kind, shipped or written.</param>
    public static IReadOnlyList<FieldError> Check(char letter, IReadOnlyList<FollowupStep> steps, Func<string, bool> hasText)
    {
        var errors = new List<FieldError>();
        if (!SequenceOptions.Letters.Contains(letter)) errors.Add(new("letter", "Unknown", "A, B or C."));
        if (steps.Count > MaxSteps) errors.Add(new("steps", "TooMany", $"At most {MaxSteps}."));
        for (var i = 0; i < steps.Count; i++)
        {
            var (step, at) = (steps[i], string.Create(CultureInfo.InvariantCulture, $"steps[{i}]."));
            if (step.Delay < MinDelay || step.Delay > MaxDelay) errors.Add(new(at + "delay", "OutOfRange", "1 minute to 365 days after the message before it."));
            if (step.Windows.Any(w => w.End <= w.Start)) errors.Add(new(at + "to", "BadOrder", "from before to; to 00:00 is the end of the day."));
            if (step.Days.Exists(d => !Enum.IsDefined(d))) errors.Add(new(at + "days", "Unknown", "Days of the week."));
            var own = ActionKinds.FollowupOf(letter, i + 1);
            if (step.Template is { } kind && ActionKinds.TypeOf(kind) is not (ActionType.Followup or ActionType.FirstContact))
                errors.Add(new(at + "template", "Unknown", "send_first_contact, or a step such as send_followup_A1."));
            else if (!hasText(step.Template ?? own)) errors.Add(new(at + "template", "NoText", $"There is no text of {step.Template ?? own}: write one, or use that of another step."));
        }
        return errors;
    }
}
