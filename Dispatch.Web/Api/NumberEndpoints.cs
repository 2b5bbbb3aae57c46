using Dispatch.Core.Numbers;

namespace Dispatch.Web.Api;

/// <summary>Clients, numbers and workers (issue 5, section 5). The code of a number is no part of any answer.</summary>
internal static class NumberEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var clients = api.MapGroup("/clients").WithTags("Numbers");
        clients.MapGet("/", ClientsAsync).Produces<ApiPage<ClientAnswer>>().WithSummary("Clients, whoever has waited longest first; filter by status and q").WithQuery("status", "q", "page", "pageSize");
        clients.MapPost("/", RegisterAsync).WithBody<CreateClient>().Produces<ClientCreated>(StatusCodes.Status201Created).WithConflict().WithSummary("A client asks to connect a number");
        clients.MapPost("/{clientId:long}/reject", RejectAsync).WithBody<RejectClient>().Produces<NumberChanged>().WithConflict().WithSummary("Refuse a client, with a reason");
        var numbers = api.MapGroup("/numbers").WithTags("Numbers");
        numbers.MapGet("/", ListAsync).Produces<ApiPage<NumberAnswer>>().WithSummary("Numbers: filter by status, worker, client and q; sort, page, pageSize")
            .WithQuery("status", "worker", "client", "q", "sort", "page", "pageSize");
        numbers.MapGet("/{id:long}", ReadAsync).Produces<NumberDetailsAnswer>().WithSummary("One number with its last events; never its code").WithQuery("events");
        numbers.MapPost("/{id:long}/restart", RestartAsync).WithBody<RestartNumber>(optional: true).Produces<NumberChanged>().WithConflict()
            .WithSummary("A new session; whatever the one before still says is ignored");
        numbers.MapPost("/{id:long}/logout", LogoutAsync).Produces<NumberChanged>().WithConflict().WithSummary("Unlink the device; a scan is needed afterwards");
        numbers.MapPost("/{id:long}/stop", StopAsync).Produces<NumberChanged>().WithConflict().WithSummary("Close the session and keep the pairing");
        numbers.MapPost("/{id:long}/move", MoveAsync).WithBody<MoveNumber>(optional: true).Produces<NumberChanged>().WithConflict()
            .WithSummary("To another worker, as soon as this one has let go");
        WorkerEndpoints.Map(api);
    }

    /// <summary>The route of seed 002, outside <c>/api</c> as there, with the key of the API.</summary>
    public static RouteHandlerBuilder MapSeed(IEndpointRouteBuilder routes) =>
        routes.MapPost("/clients/{clientId:long}/validate", ValidateAsync).WithTags("Numbers").Produces<ClientValidated>().WithConflict().WithQuery("workerId")
            .WithSummary("Validate a client; its number gets a session with the worker, or with the one that has the most room");

    private static async Task<IResult> ClientsAsync(HttpContext context, NumberQueries numbers)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var search = new ClientSearch(input.Word<ClientStatus>("status"), input.Text("q"), skip, take);
        input.Check(search.Text is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await numbers.ClientsAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<ClientAnswer>([.. page.Items.Select(ClientAnswer.Of)], page.Total));
    }

    private static async Task<IResult> RegisterAsync(HttpContext context, NumberService numbers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateClient>();
        if (body is not null)
        {
            input.Check(ClientRules.IsName(body.Name), "name", $"1 to {ClientRules.MaxName} characters.");
            input.Check(ClientRules.Phone(body.PhoneNumber) is not null, "phoneNumber", "8 to 15 digits with the country code, such as +221771234567.");
        }
        if (input.IsBad) return input.Problem;
        var outcome = await numbers.RegisterAsync(body!.Name, body.PhoneNumber, NumberActor.Api, context.RequestAborted);
        return outcome.Succeeded ? Results.Created($"/api/numbers/{outcome.NumberId}", new ClientCreated(outcome.ClientId, outcome.NumberId)) : NumberProblems.Of(outcome, outcome.NumberId, null);
    }

    private static async Task<IResult> ValidateAsync(long clientId, HttpContext context, NumberService numbers)
    {
        var input = new ApiInput(context);
        var worker = input.Text("workerId");
        input.Check(worker is null || WorkerRules.IsId(worker), "workerId", $"1 to {WorkerRules.MaxId} letters, digits, - and _.");
        if (input.IsBad) return input.Problem;
        var outcome = await numbers.ValidateAsync(clientId, worker, NumberActor.Api, context.RequestAborted);
        return outcome.Succeeded
            ? Results.Ok(new ClientValidated(outcome.SessionId, outcome.NumberId, outcome.WorkerId, outcome.State, outcome.Generation))
            : NumberProblems.Of(outcome, clientId, worker);
    }

    private static async Task<IResult> RejectAsync(long clientId, HttpContext context, NumberService numbers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<RejectClient>();
        input.Check(body is null || ClientRules.IsReason(body.Reason), "reason", $"1 to {ClientRules.MaxReason} characters.");
        return input.IsBad ? input.Problem : Answer(await numbers.RejectAsync(clientId, body!.Reason, NumberActor.Api, context.RequestAborted), clientId);
    }

    private static async Task<IResult> ListAsync(HttpContext context, NumberQueries numbers)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<NumberSort>() ?? (NumberSort.Id, true);
        var search = new NumberSearch(input.Text("q"), input.Word<NumberState>("status"), null, input.Text("worker"), input.Number("client"), sort, descending, skip, take);
        input.Check(search.Text is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await numbers.ListAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<NumberAnswer>([.. page.Items.Select(NumberAnswer.Of)], page.Total));
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, NumberQueries numbers)
    {
        var input = new ApiInput(context);
        var events = (int)(input.Number("events", 1, NumberQueries.MaxEvents) ?? 20);
        if (input.IsBad) return input.Problem;
        return await numbers.FindAsync(id, events, context.RequestAborted) is { } found
            ? Results.Ok(new NumberDetailsAnswer(NumberAnswer.Of(found.Number), found.ChannelKey, found.Events))
            : ApiProblems.NotFound("number", id);
    }

    private static async Task<IResult> RestartAsync(long id, HttpContext context, NumberService numbers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<RestartNumber>(optional: true);
        return input.IsBad ? input.Problem : Answer(await numbers.RestartAsync(id, NumberActor.Api, body!.Generation, context.RequestAborted), id);
    }

    private static async Task<IResult> LogoutAsync(long id, HttpContext context, NumberService numbers) =>
        Answer(await numbers.LogoutAsync(id, NumberActor.Api, context.RequestAborted), id);

    private static async Task<IResult> StopAsync(long id, HttpContext context, NumberService numbers) =>
        Answer(await numbers.StopAsync(id, NumberActor.Api, context.RequestAborted), id);

    private static async Task<IResult> MoveAsync(long id, HttpContext context, NumberService numbers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<MoveNumber>(optional: true);
        input.Check(body?.WorkerId is null || WorkerRules.IsId(body.WorkerId), "workerId", $"1 to {WorkerRules.MaxId} letters, digits, - and _.");
        return input.IsBad ? input.Problem : Answer(await numbers.MoveAsync(id, body!.WorkerId, NumberActor.Api, context.RequestAborted), id, body.WorkerId);
    }

    private static IResult Answer(NumberOutcome outcome, long id, string? worker = null) => outcome.Succeeded
        ? Results.Ok(new NumberChanged(outcome.NumberId, outcome.State, outcome.Generation, outcome.SessionId, outcome.WorkerId))
        : NumberProblems.Of(outcome, id, worker);
}
