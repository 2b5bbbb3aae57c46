using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;

namespace Dispatch.Web.Api;

internal static class ModeratorEndpoints
{
    /// <summary>The node of presence that integrations hold: no restart of a web process ends it.</summary>
    private const string Node = "api";

    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/moderators").WithTags("Moderators");
        group.MapGet("/", ListAsync).Produces<ApiPage<ModeratorRecord>>().WithSummary("Moderators; filter by state").WithQuery("state", "page", "pageSize");
        group.MapGet("/{id:long}", ReadAsync).Produces<ModeratorRecord>().WithSummary("One moderator");
        group.MapPost("/", CreateAsync).WithBody<CreateModerator>().Produces<ModeratorRecord>(StatusCodes.Status201Created).WithConflict()
            .WithSummary("Make a moderator");
        group.MapPost("/{id:long}/connect", ConnectAsync).Produces<ModeratorRecord>().WithSummary("The moderator is there, as an integration knows");
        group.MapPost("/{id:long}/disconnect", DisconnectAsync).Produces<ModeratorRecord>().WithSummary("The moderator is gone, at once and without grace");
        api.MapGet("/pending-messages", PendingAsync).WithTags("Queue").Produces<ApiPage<PendingRecord>>()
            .WithSummary("Messages nobody could be given yet, the oldest first").WithQuery("page", "pageSize");
    }

    private static async Task<IResult> ListAsync(HttpContext context, ModeratorLookup moderators)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var state = input.Word<PresenceState>("state");
        return input.IsBad ? input.Problem : Results.Ok(ApiPage<ModeratorRecord>.Of(await moderators.ListAsync(skip, take, state, context.RequestAborted)));
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, ModeratorLookup moderators) =>
        await moderators.FindAsync(id, context.RequestAborted) is { } moderator ? Results.Ok(moderator) : ApiProblems.NotFound("moderator", id);

    private static async Task<IResult> CreateAsync(HttpContext context, PeopleService people, ModeratorLookup moderators)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateModerator>();
        if (input.IsBad) return input.Problem;
        // All of them at once, as for every form; the service checks again.
        input.Check(PersonRules.CheckName(body!.Name) == PersonOutcome.Done, "name", $"1 to {PersonRules.MaxName} characters.");
        input.Check(PersonRules.IsEmail(body.Email), "email", "An email address is needed.");
        input.Check(body.MaxConversations is >= PersonRules.MinCapacity and <= PersonRules.MaxCapacity, "maxConversations", $"{PersonRules.MinCapacity} to {PersonRules.MaxCapacity}.");
        input.Check(body.Priority is >= -PersonRules.MaxPriority and <= PersonRules.MaxPriority, "priority", $"-{PersonRules.MaxPriority} to {PersonRules.MaxPriority}.");
        if (input.IsBad) return input.Problem;
        var created = await people.CreateModeratorAsync(body.Name!, body.Email!, body.MaxConversations, body.Priority, context.RequestAborted);
        return created.Outcome switch
        {
            PersonOutcome.Done => Results.Created($"/api/moderators/{created.Id}", await moderators.FindAsync(created.Id, context.RequestAborted)),
            PersonOutcome.DuplicateEmail => ApiProblems.Conflict("Somebody already has this email address.", ("result", created.Outcome)),
            _ => ApiProblems.Problem(StatusCodes.Status400BadRequest, $"The moderator cannot be made: {created.Outcome}."),
        };
    }

    private static async Task<IResult> ConnectAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ModeratorLookup moderators)
    {
        if (!await orchestrator.HandleUserConnectedAsync(id, $"{Node}-{id}", Node, context.RequestAborted))
        {
            return await moderators.FindAsync(id, context.RequestAborted) is null
                ? ApiProblems.NotFound("moderator", id)
                : ApiProblems.Conflict("The moderator is disabled.", ("result", ClaimResult.Disabled));
        }
        return await ReadAsync(id, context, moderators);
    }

    private static async Task<IResult> DisconnectAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ModeratorLookup moderators)
    {
        await orchestrator.HandleUserLeftAsync(id, context.RequestAborted);
        return await ReadAsync(id, context, moderators);
    }

    private static async Task<IResult> PendingAsync(HttpContext context, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        return input.IsBad ? input.Problem : Results.Ok(ApiPage<PendingRecord>.Of(await conversations.ListPendingAsync(skip, take, context.RequestAborted)));
    }
}
