using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;

namespace Dispatch.Web.Api;

internal static class WorkerEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var workers = api.MapGroup("/workers").WithTags("Numbers");
        workers.MapGet("/", ListAsync).Produces<ApiPage<WorkerRow>>().WithSummary("Workers with what they hold; filter by state").WithQuery("state", "page", "pageSize");
        workers.MapPost("/", CreateAsync).WithBody<CreateWorker>().Produces<WorkerRow>(StatusCodes.Status201Created).WithConflict().WithSummary("Register a worker");
        workers.MapPost("/{id}/drain", DrainAsync).Produces<WorkerRow>().WithConflict().WithSummary("Nothing new goes to it; its numbers move to others one by one");
        workers.MapPost("/{id}/resume", ResumeAsync).Produces<WorkerRow>().WithConflict().WithSummary("End a drain");
    }

    private static async Task<IResult> ListAsync(HttpContext context, WorkerService workers)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var state = input.Word<WorkerState>("state");
        if (input.IsBad) return input.Problem;
        var page = await workers.PageAsync(state, skip, take, context.RequestAborted);
        return Results.Ok(new ApiPage<WorkerRow>(page.Items, page.Total));
    }

    private static async Task<IResult> CreateAsync(HttpContext context, WorkerService workers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateWorker>();
        if (body is not null)
        {
            input.Check(WorkerRules.IsId(body.Id), "id", $"1 to {WorkerRules.MaxId} letters, digits, - and _.");
            input.Check(WorkerRules.IsCapacity(body.Capacity), "capacity", $"1 to {WorkerRules.MaxCapacity}.");
            input.Check(
                string.IsNullOrWhiteSpace(body.VirtualHost) || (body.Mode == WorkerMode.Legacy && body.VirtualHost.Trim().Length <= WorkerRules.MaxVirtualHost), "virtualHost",
                $"At most {WorkerRules.MaxVirtualHost} characters, and only for a legacy worker.");
        }
        if (input.IsBad) return input.Problem;
        var result = await workers.RegisterAsync(body!.Id, body.Mode, body.Capacity, body.VirtualHost, context.RequestAborted);
        return result == WorkerResult.Done ? Results.Created("/api/workers", await workers.FindAsync(body.Id!, context.RequestAborted)) : Refused(result, body.Id!);
    }

    private static async Task<IResult> DrainAsync(string id, HttpContext context, WorkerService workers) => await AnswerAsync(await workers.DrainAsync(id, context.RequestAborted), id, workers, context);

    private static async Task<IResult> ResumeAsync(string id, HttpContext context, WorkerService workers) => await AnswerAsync(await workers.ResumeAsync(id, context.RequestAborted), id, workers, context);

    /// <summary>A drain of a worker that is drained already is what was wanted.</summary>
    private static async Task<IResult> AnswerAsync(WorkerResult result, string id, WorkerService workers, HttpContext context) =>
        result is WorkerResult.Done or WorkerResult.Unchanged ? Results.Ok(await workers.FindAsync(id, context.RequestAborted)) : Refused(result, id);

    private static IResult Refused(WorkerResult result, string id) => result switch
    {
        WorkerResult.NotFound => ApiProblems.NotFound("worker", id),
        WorkerResult.Duplicate => ApiProblems.Conflict("A worker has this id already.", ("result", result)),
        WorkerResult.LegacyTaken => ApiProblems.Conflict("Another legacy worker uses this virtual host; nothing can route inside its queue, so each needs one of its own.", ("result", result)),
        WorkerResult.BadId => ApiProblems.Invalid("id", $"1 to {WorkerRules.MaxId} letters, digits, - and _."),
        WorkerResult.BadCapacity => ApiProblems.Invalid("capacity", $"1 to {WorkerRules.MaxCapacity}."),
        WorkerResult.BadVirtualHost => ApiProblems.Invalid("virtualHost", $"At most {WorkerRules.MaxVirtualHost} characters, and only for a legacy worker."),
        WorkerResult.Done or WorkerResult.Unchanged => throw new ArgumentException("Not a refusal.", nameof(result)),
    };
}
