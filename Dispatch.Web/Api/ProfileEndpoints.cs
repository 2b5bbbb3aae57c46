using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;

namespace Dispatch.Web.Api;

public sealed record AssignProfile
{
    public long? ModeratorId { get; init; }
}

/// <summary>An expected wait as a range of whole seconds.</summary>
public sealed record WaitAnswer(int FromSeconds, int ToSeconds)
{
    public static WaitAnswer? Of(WaitEstimate? wait) => wait is null ? null : new WaitAnswer((int)wait.From.TotalSeconds, (int)wait.To.TotalSeconds);
}

/// <summary>A profile with its holder.</summary>
/// <param name="HolderId">Who holds an exclusive profile; null: nobody, or it is shared.</param>
/// <param name="Waiting">Open conversations in which somebody waits for an answer.</param>
/// <param name="Lock">Held while it is being given to somebody; null: it is not locked.</param>
public sealed record ProfileStateAnswer(
    long Id, string Name, ProfileMode Mode, bool Paused, bool Restricted, long? HolderId, string? HolderName, DateTime? HolderSince, DateTime? FreeSince,
    int Open, int Waiting, DateTime? OldestWaiting, LockAnswer? Lock);

/// <summary>A place in a line.</summary>
/// <param name="ExpectedWait">Null: unknown.</param>
/// <param name="Held">Exclusive profiles held already; null in the round robin of conversations.</param>
public sealed record QueuePlaceAnswer(
    long ModeratorId, string Name, int Position, int Of, DateTime QueuedAt, int Priority, WaitAnswer? ExpectedWait, int? Held);

/// <summary>What one can wait for.</summary>
public enum QueueKind { Profiles, Conversations }

internal static class ProfileEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/profiles").WithTags("Profiles");
        group.MapGet("/{id:long}", ReadAsync).Produces<ProfileStateAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("A profile: its mode, who holds it, what waits on it, and the lock while it changes hands");
        group.MapPost("/{id:long}/assign", AssignAsync).WithBody<AssignProfile>().Produces<ProfileStateAnswer>().WithConflict()
            .WithSummary("Give an exclusive profile to a moderator, also from whoever holds it; 409 says why not and who holds it");
        group.MapPost("/{id:long}/release", ReleaseAsync).Produces<ProfileStateAnswer>().WithConflict()
            .WithSummary("Take an exclusive profile from its holder; it goes at once to the next in the line who may serve it");
        api.MapGet("/queue", QueueAsync).WithTags("Queue").Produces<ApiPage<QueuePlaceAnswer>>()
            .WithSummary("Who waits, in the order in which they are served. line=Profiles: for an exclusive profile (standard where there is one); "
                + "line=Conversations: the round robin of everybody present")
            .WithQuery("line", "page", "pageSize");
        api.MapGet("/load-report", LoadReportAsync).WithTags("Queue").Produces<LoadReport>().WithSummary("How the work is spread over the moderators now");
        api.MapGet("/response-times", ResponseTimesAsync).WithTags("Queue").Produces<ApiPage<ClientResponseTime>>().WithQuery("page", "pageSize")
            .WithSummary("How fast each client with an open conversation was answered, over the messages of the last 7 days; who waits longest comes first");
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, ProfileQueries profiles, ProfileLockService locks) =>
        await profiles.FindAsync(id, context.RequestAborted) is not { } profile
            ? ApiProblems.NotFound("profile", id)
            : Results.Ok(new ProfileStateAnswer(
                profile.Id, profile.Name, profile.Mode, profile.Paused, profile.Restricted, profile.HolderId, profile.HolderName, profile.HolderSince,
                profile.FreeSince, profile.Open, profile.Waiting, profile.OldestWaiting,
                await locks.GetLockInfoAsync(LockKind.Profile, id, context.RequestAborted) is { } held ? LockAnswer.Of(held) : null));

    private static async Task<IResult> AssignAsync(
        long id, HttpContext context, ModeratorAssignmentService assignments, ProfileQueries profiles, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<AssignProfile>();
        if (body is not null) input.Check(body.ModeratorId > 0, "moderatorId", "Needed: whom to give it to.");
        if (input.IsBad) return input.Problem;
        var outcome = await assignments.AssignProfileToModeratorAsync(id, body!.ModeratorId!.Value, null, context.RequestAborted);
        return outcome.Succeeded ? await ReadAsync(id, context, profiles, locks) : Refused(outcome, id);
    }

    private static async Task<IResult> ReleaseAsync(
        long id, HttpContext context, ModeratorAssignmentService assignments, ProfileQueries profiles, ProfileLockService locks)
    {
        var outcome = await assignments.ReleaseProfileAsync(id, null, context.RequestAborted);
        return outcome.Succeeded ? await ReadAsync(id, context, profiles, locks) : Refused(outcome, id);
    }

    private static async Task<IResult> QueueAsync(HttpContext context, ModeratorQueueService line, RoundRobin turns)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var kind = input.Word<QueueKind>("line");
        if (input.IsBad) return input.Problem;
        var status = kind == QueueKind.Conversations ? null : await line.GetQueueStatusAsync(context.RequestAborted);
        // A team without exclusive profiles has one line only, and that is what it asks for.
        var rows = status is not null && (kind == QueueKind.Profiles || status.ProfilesInRotation > 0)
            ? [.. status.Line.Select(p => new QueuePlaceAnswer(p.ModeratorId, p.Name, p.Position, p.Of, p.QueuedAt, p.Priority, WaitAnswer.Of(p.ExpectedWait), p.Held))]
            : (IReadOnlyList<QueuePlaceAnswer>)
                [.. (await turns.GetQueueAsync(context.RequestAborted)).Select(p => new QueuePlaceAnswer(p.ModeratorId, p.Name, p.Position, p.Of, p.QueuedAt, p.Priority, null, null))];
        return Results.Ok(new ApiPage<QueuePlaceAnswer>([.. rows.Skip(skip).Take(take)], rows.Count));
    }

    private static async Task<IResult> ResponseTimesAsync(HttpContext context, ModeratorActivityService activity)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        if (input.IsBad) return input.Problem;
        return Results.Ok(ApiPage<ClientResponseTime>.Of(await activity.MonitorResponseTimesAsync(skip, take, context.RequestAborted)));
    }

    private static async Task<IResult> LoadReportAsync(HttpContext context, LoadBalancingService load) =>
        Results.Ok(await load.GenerateLoadReportAsync(context.RequestAborted));

    /// <summary>A change of holder that did not happen, with who holds it and since when.</summary>
    internal static IResult Refused(HoldOutcome outcome, long profileId)
    {
        if (outcome.Result == HoldResult.NotFound) return ApiProblems.NotFound("profile", profileId);
        var detail = outcome.Result switch
        {
            HoldResult.Lost => outcome.HeldByName is { } name ? $"{name} holds this profile." : "The profile changed hands in the meantime; read it again.",
            HoldResult.NotExclusive => "The profile is shared: nobody holds it, everybody has conversations of it.",
            HoldResult.Paused => "The profile is paused; let it go on first.",
            HoldResult.NotPresent => "The moderator is not online.",
            HoldResult.AtLimit => "The moderator holds as many profiles as allowed.",
            HoldResult.NotAllowed => "The moderator may not serve this profile.",
            HoldResult.Disabled => "The moderator is unknown or disabled.",
            HoldResult.Locked => $"It is being given to {outcome.HeldByName} at this moment.",
            HoldResult.NotHolder => $"Only {outcome.HeldByName}, who holds this profile, may give it back.",
            HoldResult.Done or HoldResult.Unchanged or HoldResult.NotFound => throw new ArgumentException("Not a refusal.", nameof(outcome)),
        };
        return ApiProblems.Conflict(
            detail, ("result", outcome.Result), ("heldById", outcome.HeldById), ("heldByName", outcome.HeldByName), ("heldSince", outcome.HeldSince));
    }
}
