using Dispatch.Core.Conflicts;
using Dispatch.Core.Locks;

namespace Dispatch.Web.Api;

public sealed record LockClientBody
{
    public long? ContactId { get; init; }

    /// <summary>As which profile the moderator answers.</summary>
    public long? ProfileId { get; init; }
    public long? ModeratorId { get; init; }

    /// <summary>1 to 3600; left out: as long as in the console (Locks:ClientLock).</summary>
    public int? Seconds { get; init; }
}

/// <summary>A lock that is held.</summary>
/// <param name="Id">Names this hold; a later one on the same contact has another.</param>
/// <param name="Token">To be shown when a message is sent (lockToken). Grows for ever.</param>
/// <param name="ContactId">Null for the lock of a profile.</param>
public sealed record LockAnswer(
    string Id, LockKind Kind, long? ContactId, long ProfileId, string? ProfileName, long ModeratorId, string? ModeratorName, DateTime LockedAt, DateTime ExpiresAt,
    string Why, long Token)
{
    public static LockAnswer Of(LockInfo held) => new(
        held.Id.ToString(), held.Kind, held.Kind == LockKind.Client ? held.ResourceId : null, held.ProfileId, held.ProfileName, held.ModeratorId,
        held.ModeratorName, held.LockedAt, held.ExpiresAt, held.Why, held.Token);
}

internal static class LockEndpoints
{
    private const string FreedByIntegration = "Freed by an integration.";

    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/locks").WithTags("Locks");
        group.MapGet("/", ListAsync).Produces<ApiPage<LockAnswer>>().WithSummary("Locks that are held now, the first to end first; filter by kind, moderator, profile")
            .WithQuery("kind", "moderator", "profile", "page", "pageSize");
        group.MapPost("/client", LockClientAsync).WithBody<LockClientBody>().Produces<LockAnswer>(StatusCodes.Status201Created).WithConflict()
            .WithSummary("Lock a contact for a moderator; 409 names who has it. The same moderator again: it lasts longer and keeps its token");
        group.MapDelete("/{id}", DeleteAsync).Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("End a lock, by the id it was given; its token is refused from then on");
        api.MapGet("/conflicts", ConflictsAsync).WithTags("Locks").Produces<ApiPage<ConflictRecord>>()
            .WithSummary("Who wanted the same as somebody else, who won and why, the newest first").WithQuery("kind", "moderator", "open", "page", "pageSize");
    }

    private static async Task<IResult> ListAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (kind, moderator, profile) = (input.Word<LockKind>("kind"), input.Number("moderator"), input.Number("profile"));
        if (input.IsBad) return input.Problem;
        var (items, total) = await locks.ListAsync(skip, take, kind, moderator, profile, context.RequestAborted);
        return Results.Ok(new ApiPage<LockAnswer>([.. items.Select(LockAnswer.Of)], total));
    }

    private static async Task<IResult> LockClientAsync(HttpContext context, ProfileLockService locks)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<LockClientBody>();
        if (body is not null)
        {
            input.Check(body.ContactId > 0, "contactId", "Needed: whom to lock.");
            input.Check(body.ProfileId > 0, "profileId", "Needed: as which profile.");
            input.Check(body.ModeratorId > 0, "moderatorId", "Needed: for whom.");
            input.Check(body.Seconds is null or (>= 1 and <= 3600), "seconds", "A whole number from 1 to 3600.");
        }
        if (input.IsBad) return input.Problem;
        var (contact, profile, moderator) = (body!.ContactId!.Value, body.ProfileId!.Value, body.ModeratorId!.Value);
        TimeSpan? duration = body.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var outcome = await locks.LockClientAsync(contact, profile, moderator, duration, ClientLockReason.Requested, context.RequestAborted);
        if (!outcome.Succeeded) return LockProblems.Refused(outcome, contact, profile, moderator);
        var id = new LockId(LockKind.Client, contact, outcome.Token).ToString();
        return Results.Created($"/api/locks/{id}", new LockAnswer(
            id, LockKind.Client, contact, profile, null, moderator, null, outcome.LockedAt, outcome.ExpiresAt, nameof(ClientLockReason.Requested), outcome.Token));
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ProfileLockService locks)
    {
        if (LockId.Parse(id) is not { } hold) return ApiProblems.NotFound("lock", id);
        var outcome = await locks.TakeOverAsync(
            hold.Kind, hold.ResourceId, null, FreedByIntegration, seenToken: hold.Token, cancel: context.RequestAborted);
        if (outcome.Succeeded) return Results.NoContent();
        return await locks.GetLockInfoAsync(hold.Kind, hold.ResourceId, context.RequestAborted) is { } held
            ? ApiProblems.Problem(StatusCodes.Status404NotFound, $"The lock {id} has ended. {LockProblems.Sentence(held)}", LockProblems.Of(held))
            : ApiProblems.Problem(StatusCodes.Status404NotFound, $"There is no lock {id}, or it has ended.");
    }

    private static async Task<IResult> ConflictsAsync(HttpContext context, ConflictResolutionService conflicts)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (kind, moderator, open) = (input.Word<ConflictKind>("kind"), input.Number("moderator"), input.Flag("open"));
        if (input.IsBad) return input.Problem;
        var page = await conflicts.ListAsync(skip, take, kind, moderator, open, context.RequestAborted);
        return Results.Ok(ApiPage<ConflictRecord>.Of(page));
    }
}
