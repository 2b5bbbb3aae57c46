using Dispatch.Core.Numbers;

namespace Dispatch.Web.Api;

/// <summary>What could not be done with a number or worker, as problem details.</summary>
internal static class NumberProblems
{
    public static IResult Of(NumberOutcome outcome, long id, string? worker) => outcome.Result switch
    {
        NumberResult.NotFound => ApiProblems.NotFound("number", id),
        NumberResult.ClientNotFound => ApiProblems.NotFound("client", id),
        NumberResult.WorkerNotFound => ApiProblems.NotFound("worker", worker ?? "?"),
        NumberResult.AlreadyDecided => Conflict(outcome, "The client was validated or rejected before."),
        NumberResult.WorkerFull => Conflict(outcome, "The worker holds as many numbers as it may."),
        NumberResult.WorkerDraining => Conflict(outcome, "The worker is being drained and takes nothing new."),
        NumberResult.NoWorker => Conflict(outcome, "No other worker is up with room; register one or raise a capacity."),
        NumberResult.SameWorker => Conflict(outcome, "The number is with this worker already."),
        NumberResult.NotNow => Conflict(outcome, $"The number is {outcome.State}; that does not allow this."),
        NumberResult.Changed => Conflict(outcome, "Another session began in the meantime; read the number again."),
        NumberResult.DuplicatePhone => Conflict(outcome, "This number is registered already."),
        NumberResult.NoPairingCodes => Conflict(outcome, "The worker gives no pairing codes, or none is awaited now."),
        NumberResult.BadName => ApiProblems.Invalid("name", $"1 to {ClientRules.MaxName} characters."),
        NumberResult.BadPhone => ApiProblems.Invalid("phoneNumber", "8 to 15 digits with the country code."),
        NumberResult.BadReason => ApiProblems.Invalid("reason", $"1 to {ClientRules.MaxReason} characters."),
        NumberResult.Done => throw new ArgumentException("Not a refusal.", nameof(outcome)),
    };

    private static IResult Conflict(NumberOutcome outcome, string detail) =>
        ApiProblems.Conflict(detail, ("result", outcome.Result), ("status", outcome.NumberId > 0 ? outcome.State : null), ("generation", outcome.NumberId > 0 ? outcome.Generation : null));
}
