using Dispatch.Core.Conflicts;
using Dispatch.Web.Account;
using Dispatch.Web.Api;

namespace Dispatch.Web.Conflicts;

public sealed record ResolveConflictBody
{
    public long? ConflictId { get; init; }
    public ConflictChoice? Choice { get; init; }

    /// <summary>Needed to ask; who has the lock reads it.</summary>
    public string? Reason { get; init; }
}

/// <summary>What the person who lost makes of a conflict.</summary>
internal static class ConflictRoutes
{
    public static void Map(RouteGroupBuilder moderators) => moderators.MapPost("/conflicts/resolve", ResolveAsync);

    private static async Task<IResult> ResolveAsync(HttpContext context, ConflictResolutionService conflicts)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ResolveConflictBody>();
        if (body is not null)
        {
            input.Check(body.ConflictId is > 0, "conflictId", "Needed: which conflict.");
            input.Check(body.Choice is not null, "choice", $"Allowed: {string.Join(", ", Enum.GetNames<ConflictChoice>())}.");
        }
        if (input.IsBad) return input.Problem;
        var outcome = await conflicts.ResolveAsync(body!.ConflictId!.Value, context.User.Id(), body.Choice!.Value, body.Reason, context.RequestAborted);
        return outcome.Result switch
        {
            ResolveResult.Done => Results.Ok(new
            {
                result = outcome.Result, token = outcome.Token == 0 ? (long?)null : outcome.Token,
                unlockRequestId = outcome.UnlockRequestId == 0 ? (long?)null : outcome.UnlockRequestId, dueAt = outcome.DueAt,
            }),
            ResolveResult.NotFound => ApiProblems.NotFound("conflict", body.ConflictId),
            ResolveResult.NotYours => ApiProblems.Problem(StatusCodes.Status403Forbidden, "Only who lost may choose.", ("result", outcome.Result)),
            ResolveResult.BadReason => ApiProblems.Invalid("reason", "1 to 400 characters."),
            ResolveResult.AlreadyResolved => ApiProblems.Conflict("The conflict is settled.", ("result", outcome.Result)),
            ResolveResult.NotPossible => ApiProblems.Conflict("This cannot be done about a conflict of this kind; it can be accepted.", ("result", outcome.Result)),
            ResolveResult.StillHeld => ApiProblems.Conflict(
                outcome.Held is { } held ? LockProblems.Sentence(held) : "Somebody asked before; the answer is awaited.",
                [("result", outcome.Result), ("dueAt", outcome.DueAt), .. LockProblems.Of(outcome.Held)]),
        };
    }
}
