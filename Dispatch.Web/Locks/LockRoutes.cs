using Dispatch.Core.Conflicts;
using Dispatch.Core.Locks;
using Dispatch.Web.Account;
using Dispatch.Web.Api;

namespace Dispatch.Web.Locks;

/// <summary>What is locked: a contact, or a profile when no contact is named.</summary>
public abstract record LockBody
{
    public long? ClientId { get; init; }

    /// <summary>With a contact: as which profile.</summary>
    public long? ProfileId { get; init; }

    internal (LockKind Kind, long Id)? Resource => ClientId is { } client ? (LockKind.Client, client) : ProfileId is { } profile ? (LockKind.Profile, profile) : null;

    internal void Check(ApiInput input)
    {
        input.Check(ClientId is > 0 || (ClientId is null && ProfileId is > 0), "clientId", "Needed: clientId for a contact, or profileId for a profile.");
        input.Check(ProfileId is null or > 0, "profileId", "A whole number from 1.");
    }
}

public sealed record RequestUnlockBody : LockBody
{
    /// <summary>1 to 400 characters; the holder reads it.</summary>
    public string? Reason { get; init; }
}

public sealed record ExtendLockBody : LockBody
{
    public long? Token { get; init; }

    /// <summary>1 to 600; left out: the usual time.</summary>
    public int? Seconds { get; init; }
}

public sealed record AnswerUnlockBody
{
    public long? RequestId { get; init; }
    public bool? GiveUp { get; init; }

    /// <summary>Needed to keep it.</summary>
    public string? Reason { get; init; }
}

public sealed record TakeOverBody : LockBody
{
    /// <summary>Left out: it is free then.</summary>
    public long? ToModeratorId { get; init; }
    public string? Reason { get; init; }
}

/// <param name="Now">UTC, to count down by.</param>
/// <param name="Locks">The caller's own, those on contacts he has a conversation with, and those of profiles.</param>
public sealed record LockStatus(
    DateTime Now, IReadOnlyList<LockAnswer> Locks, IReadOnlyList<UnlockRequestView> Requests, IReadOnlyList<ConflictRecord> Conflicts);

/// <summary>Seed 001 <c>LockController</c>: getLockStatus, requestUnlock, extendLock, and the answers that a request needs.</summary>
internal static class LockRoutes
{
    private const int MostConflicts = 50;

    public static void Map(RouteGroupBuilder moderators, RouteGroupBuilder admins)
    {
        moderators.MapGet("/locks/status", StatusAsync);
        moderators.MapPost("/locks/request-unlock", RequestUnlockAsync);
        moderators.MapPost("/locks/answer", AnswerAsync);
        moderators.MapPost("/locks/extend", ExtendAsync);
        admins.MapPost("/locks/take-over", TakeOverAsync);
    }

    private static async Task<IResult> StatusAsync(HttpContext context, ProfileLockService locks, ConflictResolutionService conflicts, TimeProvider clock)
    {
        var (me, cancel) = (context.User.Id(), context.RequestAborted);
        return Results.Ok(new LockStatus(
            clock.GetUtcNow().UtcDateTime, [.. (await locks.GetLocksForAsync(me, cancel)).Select(LockAnswer.Of)], await locks.GetUnlockRequestsAsync(me, cancel: cancel),
            (await conflicts.ListAsync(0, MostConflicts, moderatorId: me, open: true, cancel: cancel)).Items));
    }

    private static async Task<IResult> RequestUnlockAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<RequestUnlockBody>();
        body?.Check(input);
        if (input.IsBad) return input.Problem;
        var (kind, id) = body!.Resource!.Value;
        return Answer(await locks.RequestUnlockAsync(kind, id, context.User.Id(), body.Reason ?? "", body.ProfileId, context.RequestAborted));
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<AnswerUnlockBody>();
        if (body is not null)
        {
            input.Check(body.RequestId is > 0, "requestId", "Needed: which request.");
            input.Check(body.GiveUp is not null, "giveUp", "Allowed: true, false.");
        }
        if (input.IsBad) return input.Problem;
        return Answer(await locks.AnswerUnlockAsync(body!.RequestId!.Value, context.User.Id(), body.GiveUp!.Value, body.Reason, context.RequestAborted));
    }

    private static async Task<IResult> ExtendAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ExtendLockBody>();
        if (body is not null)
        {
            body.Check(input);
            input.Check(body.Token is > 0, "token", "Needed: the token of the lock.");
            input.Check(body.Seconds is null or (>= 1 and <= 600), "seconds", "A whole number from 1 to 600.");
        }
        if (input.IsBad) return input.Problem;
        var (kind, id) = body!.Resource!.Value;
        TimeSpan? duration = body.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var outcome = await locks.ExtendLockAsync(kind, id, context.User.Id(), body.Token!.Value, duration, context.RequestAborted);
        return outcome.Succeeded
            ? Results.Ok(new { id = new LockId(kind, id, outcome.Token).ToString(), token = outcome.Token, expiresAt = outcome.ExpiresAt })
            : LockProblems.Refused(outcome, id, body.ProfileId ?? 0, context.User.Id());
    }

    private static async Task<IResult> TakeOverAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<TakeOverBody>();
        if (body is not null)
        {
            body.Check(input);
            input.Check(body.ToModeratorId is null or > 0, "toModeratorId", "A whole number from 1.");
        }
        if (input.IsBad) return input.Problem;
        var (kind, id) = body!.Resource!.Value;
        return Answer(await locks.TakeOverAsync(kind, id, context.User.Id(), body.Reason ?? "", body.ToModeratorId, body.ProfileId, cancel: context.RequestAborted));
    }

    private static IResult Answer(UnlockOutcome outcome)
    {
        if (outcome.Succeeded)
        {
            var done = new { result = outcome.Result, requestId = outcome.RequestId, dueAt = outcome.DueAt, token = outcome.Token == 0 ? (long?)null : outcome.Token, held = outcome.Held is null ? null : LockAnswer.Of(outcome.Held) };
            return outcome.Result == UnlockResult.Asked ? Results.Accepted(value: done) : Results.Ok(done);
        }
        if (outcome.Result == UnlockResult.BadReason) return ApiProblems.Invalid("reason", "1 to 400 characters.");
        if (outcome.Result == UnlockResult.NotFound) return ApiProblems.NotFound("unlock request", outcome.RequestId);
        var detail = outcome.Result switch
        {
            UnlockResult.AlreadyAsked => $"{outcome.AskedByName} asked before, and the holder has until {outcome.DueAt:O} to answer.",
            UnlockResult.NotLocked => "Nobody has this lock (any more); take it.",
            UnlockResult.AlreadyYours => "The lock is theirs already.",
            UnlockResult.NotHolder => "Only who has the lock may answer.",
            UnlockResult.TooLate => "The request is decided, or its time is over.",
            UnlockResult.NotAllowed => "The moderator is unknown or may not serve this profile.",
            UnlockResult.Asked or UnlockResult.Moved or UnlockResult.Kept or UnlockResult.BadReason or UnlockResult.NotFound => throw new ArgumentException("Not a refusal.", nameof(outcome)),
        };
        (string, object?)[] more = [("result", outcome.Result), ("requestId", outcome.RequestId), ("dueAt", outcome.DueAt), .. LockProblems.Of(outcome.Held)];
        return outcome.Result is UnlockResult.NotHolder or UnlockResult.NotAllowed
            ? ApiProblems.Problem(StatusCodes.Status403Forbidden, detail, more)
            : ApiProblems.Conflict(detail, more);
    }
}
