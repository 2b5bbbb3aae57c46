using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Web.Account;
using Dispatch.Web.Api;

namespace Dispatch.Web.Queue;

public sealed record AskPriorityBody
{
    /// <summary>-100 to 100.</summary>
    public int? Priority { get; init; }

    /// <summary>1 to 400 characters; the admins read it.</summary>
    public string? Reason { get; init; }
}

public sealed record DecidePriorityBody
{
    public long? RequestId { get; init; }
    public bool? Grant { get; init; }
}

/// <summary>What a moderator learns about his waiting.</summary>
/// <param name="Position">Place in the line for exclusive profiles, 1: next; null: not in it.</param>
/// <param name="ExpectedWait">Null: unknown.</param>
/// <param name="ProfilesAvailable">Free profiles he may serve.</param>
/// <param name="Before">First names of those who are served before him, in order.</param>
/// <param name="Held">The profiles he holds.</param>
/// <param name="Turn">His place in the round robin of conversations; null: not online.</param>
/// <param name="Accuracy">How far past expectations were off.</param>
public sealed record QueueStatusAnswer(
    int? Position, int Of, DateTime? QueuedAt, int? Priority, WaitAnswer? ExpectedWait, int ProfilesAvailable, int ProfilesInRotation,
    IReadOnlyList<string> Before, IReadOnlyList<HeldProfile> Held, int? Turn, WaitAccuracy Accuracy);

/// <summary>Seed 001 <c>QueueController</c>: getQueueStatus, requestPriorityChange, leaveQueue; and coming back, which leaving needs.</summary>
internal static class QueueRoutes
{
    public static void Map(RouteGroupBuilder moderators, RouteGroupBuilder admins)
    {
        moderators.MapGet("/queue/status", StatusAsync);
        moderators.MapPost("/queue/leave", LeaveAsync);
        moderators.MapPost("/queue/join", JoinAsync);
        moderators.MapPost("/queue/priority", AskPriorityAsync);
        admins.MapGet("/queue/priority", RequestsAsync);
        admins.MapPost("/queue/priority/decide", DecidePriorityAsync);
    }

    private static async Task<IResult> StatusAsync(HttpContext context, ModeratorQueueService line, RoundRobin turns, ProfileQueries profiles)
    {
        var (me, cancel) = (context.User.Id(), context.RequestAborted);
        var status = await line.GetQueueStatusAsync(cancel);
        var mine = status.Line.FirstOrDefault(p => p.ModeratorId == me);
        return Results.Ok(new QueueStatusAnswer(
            mine?.Position, status.Line.Count, mine?.QueuedAt, mine?.Priority, WaitAnswer.Of(mine?.ExpectedWait), mine?.ProfilesAvailable ?? 0,
            status.ProfilesInRotation, mine is null ? [] : [.. status.Line.Take(mine.Position - 1).Select(p => p.Name.Split(' ', 2)[0])],
            await profiles.HeldByAsync(me, cancel), (await turns.GetPlaceAsync(me, cancel))?.Position, status.Accuracy));
    }

    private static async Task<IResult> LeaveAsync(HttpContext context, ModeratorQueueService line, RoundRobin turns, ProfileQueries profiles) =>
        await line.RemoveFromQueueAsync(context.User.Id(), context.RequestAborted) is QueueResult.Done or QueueResult.NotWaiting
            ? await StatusAsync(context, line, turns, profiles)
            : ApiProblems.NotFound("moderator", context.User.Id());

    private static async Task<IResult> JoinAsync(HttpContext context, ModeratorQueueService line, RoundRobin turns, ProfileQueries profiles)
    {
        var result = await line.AddToQueueAsync(context.User.Id(), null, context.RequestAborted);
        return result is QueueResult.Done or QueueResult.Unchanged ? await StatusAsync(context, line, turns, profiles) : Refused(result);
    }

    private static async Task<IResult> AskPriorityAsync(HttpContext context, ModeratorQueueService line)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<AskPriorityBody>();
        if (body is not null)
        {
            input.Check(body.Priority is >= -ModeratorQueueService.MaxPriority and <= ModeratorQueueService.MaxPriority, "priority",
                $"A whole number from -{ModeratorQueueService.MaxPriority} to {ModeratorQueueService.MaxPriority} is allowed.");
            input.Check(!string.IsNullOrWhiteSpace(body.Reason), "reason", "Needed: 1 to 400 characters.");
        }
        if (input.IsBad) return input.Problem;
        var (result, id) = await line.RequestPriorityAsync(context.User.Id(), body!.Priority!.Value, body.Reason!, context.RequestAborted);
        return result == QueueResult.Done ? Results.Ok(new { RequestId = id }) : Refused(result);
    }

    private static async Task<IResult> RequestsAsync(HttpContext context, ModeratorQueueService line) =>
        Results.Ok(await line.OpenRequestsAsync(context.RequestAborted));

    private static async Task<IResult> DecidePriorityAsync(HttpContext context, ModeratorQueueService line)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<DecidePriorityBody>();
        if (body is not null)
        {
            input.Check(body.RequestId > 0, "requestId", "Needed: which request.");
            input.Check(body.Grant is not null, "grant", "Needed: true or false.");
        }
        if (input.IsBad) return input.Problem;
        var result = await line.DecidePriorityAsync(body!.RequestId!.Value, body.Grant!.Value, context.User.Id(), context.RequestAborted);
        return result switch
        {
            QueueResult.Done => Results.Ok(new { Result = result }),
            QueueResult.NotFound => ApiProblems.NotFound("request", body.RequestId.Value),
            _ => Refused(result),
        };
    }

    private static IResult Refused(QueueResult result) => result switch
    {
        QueueResult.BadPriority => ApiProblems.Invalid("priority", $"-{ModeratorQueueService.MaxPriority} to {ModeratorQueueService.MaxPriority} is allowed."),
        QueueResult.BadReason => ApiProblems.Invalid("reason", "1 to 400 characters are allowed."),
        QueueResult.NotFound => Conflict(result, "You are not a moderator, or disabled."),
        QueueResult.NotPresent => Conflict(result, "Only who is online can wait."),
        QueueResult.AtLimit => Conflict(result, "You hold as many profiles as allowed."),
        QueueResult.NothingToWaitFor => Conflict(result, "There is no exclusive profile you may serve."),
        QueueResult.NotWaiting => Conflict(result, "Nobody who does not wait has a priority; join the line first."),
        QueueResult.AlreadyAsked => Conflict(result, "An earlier request is not decided yet."),
        QueueResult.AlreadyDecided => Conflict(result, "Somebody decided this request already."),
        QueueResult.Done or QueueResult.Unchanged => throw new ArgumentException("Not a refusal.", nameof(result)),
    };

    private static IResult Conflict(QueueResult result, string detail) => ApiProblems.Conflict(detail, ("result", result));
}
