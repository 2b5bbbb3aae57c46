using Dispatch.Core.Conversations;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Api;

internal static class ConversationEndpoints
{
    private const int MaxNote = 2000;

    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/conversations").WithTags("Conversations");
        group.MapGet("/", ListAsync).Produces<ApiPage<ConversationRecord>>()
            .WithSummary("Conversations: filter by profile, status, moderator and q (contact, address, last line); sort, page, pageSize")
            .WithQuery("profile", "status", "moderator", "q", "sort", "page", "pageSize");
        group.MapPost("/", StartAsync).WithBody<StartConversation>()
            .Produces<ConversationStarted>(StatusCodes.Status201Created).Produces<ConversationStarted>().WithConflict()
            .WithSummary("Begin a conversation from our side; refused when there is one, or when the contact was approached a short time ago");
        group.MapGet("/{id:long}", ReadAsync).Produces<ConversationAnswer>().WithSummary("One conversation with messages and decisions").WithQuery("before");
        group.MapPost("/{id:long}/take", TakeAsync).WithBody<TakeConversation>().Produces<ConversationRecord>().WithConflict()
            .WithSummary("Give a waiting conversation to a moderator");
        group.MapPost("/{id:long}/transfer", TransferAsync).WithBody<TransferConversation>().Produces<ConversationRecord>().WithConflict()
            .WithSummary("Give a conversation to another moderator, or back to the queue");
        group.MapPost("/{id:long}/close", CloseAsync).WithBody<CloseConversation>(optional: true).Produces<ConversationRecord>().WithConflict()
            .WithSummary("Close a conversation");
        group.MapPost("/{id:long}/reopen", ReopenAsync).WithBody<ReopenConversation>(optional: true).Produces<ConversationRecord>().WithConflict()
            .WithSummary("Open a closed conversation again");
        group.MapPost("/{id:long}/messages", SendAsync).WithBody<SendMessage>()
            .Produces<MessageAccepted>(StatusCodes.Status201Created).Produces<MessageAccepted>().WithConflict()
            .WithSummary("Answer the contact; stored, then sent at once");
    }

    private static async Task<IResult> ListAsync(HttpContext context, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<ConversationSort>() ?? (ConversationSort.LastMessageAt, true);
        var filter = new ConversationSearch(
            input.Number("profile"), input.Word<ConversationStatus>("status"), input.Number("moderator"), input.Text("q"), sort, descending, skip, take);
        input.Check(filter.Text is not { Length: > 120 }, "q", "At most 120 characters.");
        return input.IsBad ? input.Problem : Results.Ok(ApiPage<ConversationRecord>.Of(await conversations.ListAsync(filter, context.RequestAborted)));
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var before = input.Number("before");
        if (input.IsBad) return input.Problem;
        return await conversations.ReadAsync(id, before, context.RequestAborted) is { } details
            ? Results.Ok(ConversationAnswer.Of(details))
            : ApiProblems.NotFound("conversation", id);
    }

    private static async Task<IResult> TakeAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<TakeConversation>();
        if (body is { ModeratorId: null }) input.Wrong("moderatorId", "Needed: who takes the conversation.");
        if (input.IsBad) return input.Problem;
        var outcome = await orchestrator.TakeAsync(id, body!.ModeratorId!.Value, body.OwnerVersion, cancel: context.RequestAborted);
        return await AnswerAsync(outcome, id, conversations, context);
    }

    private static async Task<IResult> TransferAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<TransferConversation>();
        input.Check(body?.Note is not { Length: > MaxNote }, "note", $"At most {MaxNote} characters.");
        if (input.IsBad) return input.Problem;
        var supervisor = body!.ActorId is null;
        var outcome = body.ToModeratorId is { } to
            ? await orchestrator.TransferAsync(id, body.ActorId, to, body.Note, supervisor, body.OwnerVersion, context.RequestAborted)
            : await orchestrator.ReturnToQueueAsync(id, body.ActorId, body.Note, supervisor, body.OwnerVersion, context.RequestAborted);
        return await AnswerAsync(outcome, id, conversations, context);
    }

    private static async Task<IResult> CloseAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CloseConversation>(optional: true);
        if (input.IsBad) return input.Problem;
        var outcome = await orchestrator.CloseAsync(id, body!.ActorId, body.ActorId is null, body.OwnerVersion, context.RequestAborted);
        return await AnswerAsync(outcome, id, conversations, context);
    }

    private static async Task<IResult> ReopenAsync(long id, HttpContext context, DispatcherOrchestrator orchestrator, ConversationLookup conversations)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ReopenConversation>(optional: true);
        if (input.IsBad) return input.Problem;
        var outcome = await orchestrator.ReopenAsync(id, body!.ModeratorId, context.RequestAborted);
        return await AnswerAsync(outcome, id, conversations, context);
    }

    private static async Task<IResult> SendAsync(
        long id, HttpContext context, DispatcherOrchestrator orchestrator, [FromHeader(Name = ApiInput.IdempotencyKey)] string? idempotencyKey = null)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<SendMessage>();
        var key = body?.EffectKey ?? idempotencyKey;
        input.Check(body is null || (!string.IsNullOrWhiteSpace(body.Text) && body.Text.Length <= ReplyOutcome.MaxLength), "text", $"1 to {ReplyOutcome.MaxLength} characters.");
        input.CheckKey(key);
        if (input.IsBad) return input.Problem;
        // Two integrations may both count from 1: a key is one within its conversation.
        var effect = key is null ? null : $"api:{id}:{key}";
        var outcome = await orchestrator.ReplyAsync(id, body!.ModeratorId, body.Text!, effect, body.LockToken, context.RequestAborted);
        return outcome.Result switch
        {
            ReplyResult.Queued => Results.Created($"/api/conversations/{id}", new MessageAccepted(outcome.MessageId, false)),
            ReplyResult.AlreadyQueued => Results.Ok(new MessageAccepted(outcome.MessageId, true)),
            _ => ApiProblems.Reply(outcome, id),
        };
    }

    private static async Task<IResult> StartAsync(
        HttpContext context, DispatcherOrchestrator orchestrator, [FromHeader(Name = ApiInput.IdempotencyKey)] string? idempotencyKey = null)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<StartConversation>();
        var key = body?.EffectKey ?? idempotencyKey;
        if (body is not null)
        {
            input.Check(body.ProfileId > 0, "profileId", "Needed: as which profile.");
            input.Check(body.ModeratorId > 0, "moderatorId", "Needed: who has the conversation.");
            input.Check(body.ContactId > 0 || !string.IsNullOrWhiteSpace(body.Address), "contactId", "Needed: whom, as contactId or as address.");
            input.Check(!string.IsNullOrWhiteSpace(body.Text) && body.Text.Length <= ReplyOutcome.MaxLength, "text", $"1 to {ReplyOutcome.MaxLength} characters.");
        }
        input.CheckKey(key);
        if (input.IsBad) return input.Problem;
        var outcome = await orchestrator.StartConversationAsync(
            new NewConversation(body!.ProfileId!.Value, body.ModeratorId!.Value, body.Text!, body.ContactId, body.Address, body.Name, key is null ? null : $"start:{key}"),
            context.RequestAborted);
        var path = $"/api/conversations/{outcome.ConversationId}";
        return outcome.Result switch
        {
            StartResult.Started => Results.Created(path, new ConversationStarted(outcome.ConversationId, outcome.MessageId, false)),
            StartResult.AlreadyStarted => Results.Ok(new ConversationStarted(outcome.ConversationId, outcome.MessageId, true)),
            StartResult.ProfileNotFound => ApiProblems.Invalid("profileId", $"There is no profile {body.ProfileId}."),
            StartResult.ContactNotFound => ApiProblems.Invalid("contactId", $"There is no contact {body.ContactId}."),
            StartResult.BadAddress => ApiProblems.Invalid("address", "1 to 64 letters, digits and . _ @ -"),
            StartResult.BadText => ApiProblems.Invalid("text", $"1 to {ReplyOutcome.MaxLength} characters."),
            StartResult.DoubleInitiation => InitiationProblems.Of(outcome.Initiation!),
            StartResult.NotAssignable => ApiProblems.Claim(outcome.Claim!, outcome.ConversationId),
            StartResult.NotSent => ApiProblems.Reply(outcome.Reply!, outcome.ConversationId),
        };
    }

    /// <summary>The conversation as it is now, or why nothing happened.</summary>
    private static async Task<IResult> AnswerAsync(ClaimOutcome outcome, long id, ConversationLookup conversations, HttpContext context)
    {
        if (!outcome.Succeeded) return ApiProblems.Claim(outcome, id);
        return await conversations.FindAsync(id, context.RequestAborted) is { } conversation ? Results.Ok(conversation) : ApiProblems.NotFound("conversation", id);
    }
}
