using Dispatch.Core.Conversations;

namespace Dispatch.Web.Api;

/// <summary>Refusals as RFC 9457 problem details, each with a sentence that says what to do next.</summary>
internal static class ApiProblems
{
    public static IResult Problem(int status, string detail, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        Dictionary<string, object?>? extensions = null;
        foreach (var (name, value) in more) (extensions ??= new Dictionary<string, object?>(StringComparer.Ordinal))[name] = value;
        return Results.Problem(detail, statusCode: status, extensions: extensions);
    }

    public static IResult NotFound(string what, object id) => Problem(StatusCodes.Status404NotFound, $"There is no {what} {id}.");

    public static IResult Conflict(string detail, params ReadOnlySpan<(string Name, object? Value)> more) => Problem(StatusCodes.Status409Conflict, detail, more);

    public static IResult Invalid(string field, string reason) =>
        Results.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [reason] });

    /// <summary>A claim that did not happen. The loser learns who has the conversation and since when.</summary>
    public static IResult Claim(ClaimOutcome outcome, long conversationId)
    {
        if (outcome.Result == ClaimResult.NotFound) return NotFound("conversation", conversationId);
        var detail = outcome.Result switch
        {
            ClaimResult.Lost => outcome.HeldByName is { } name ? $"{name} has this conversation." : "The conversation changed in the meantime; read it again.",
            ClaimResult.NotOwner => outcome.HeldByName is { } name ? $"Only {name}, who has this conversation, may do this." : "Nobody has this conversation, so nobody can give it away.",
            ClaimResult.Closed => "The conversation is closed; reopen it first.",
            ClaimResult.Superseded => "There is a newer conversation with the same contact.",
            ClaimResult.NotPresent => "The moderator is not online.",
            ClaimResult.AtCapacity => "The moderator has as many conversations as allowed.",
            ClaimResult.NotAllowed => "The moderator may not serve this profile.",
            ClaimResult.Disabled => "The moderator is unknown or disabled.",
            ClaimResult.NotHolder => outcome.HeldByName is { } holder ? $"The profile is exclusive and {holder} holds it." : "The profile is exclusive and nobody holds it now.",
            ClaimResult.ProfilePaused => "The profile is paused.",
            ClaimResult.Paced => "The moderator was just given several conversations; try again in a few seconds.",
            ClaimResult.Done or ClaimResult.Unchanged or ClaimResult.NotFound => throw new ArgumentException("Not a refusal.", nameof(outcome)),
        };
        return Conflict(
            detail, ("result", outcome.Result), ("heldById", outcome.HeldById), ("heldByName", outcome.HeldByName), ("heldSince", outcome.HeldSince),
            ("ownerVersion", outcome.OwnerVersion));
    }

    public static IResult Reply(ReplyOutcome outcome, long conversationId) => outcome.Result switch
    {
        ReplyResult.NotFound => NotFound("conversation", conversationId),
        ReplyResult.BadText => Invalid("text", $"1 to {ReplyOutcome.MaxLength} characters."),
        ReplyResult.Closed => Conflict("The conversation is closed; reopen it first.", ("result", outcome.Result)),
        ReplyResult.NoOwner => Conflict("Nobody has this conversation; take it first.", ("result", outcome.Result)),
        ReplyResult.NotOwner => Conflict($"{outcome.HeldByName} has this conversation.", ("result", outcome.Result), ("heldByName", outcome.HeldByName)),
        ReplyResult.Locked => Conflict(LockProblems.Sentence(outcome.Held!), [("result", outcome.Result), .. LockProblems.Of(outcome.Held)]),
        ReplyResult.StaleLock => Conflict(
            outcome.Held is { } held ? $"The lock's token is not valid any more. {LockProblems.Sentence(held)}" : "The lock's token is not valid any more; nobody has the contact now. Take the lock again.",
            [("result", outcome.Result), .. LockProblems.Of(outcome.Held)]),
        ReplyResult.Queued or ReplyResult.AlreadyQueued => throw new ArgumentException("Not a refusal.", nameof(outcome)),
    };
}
