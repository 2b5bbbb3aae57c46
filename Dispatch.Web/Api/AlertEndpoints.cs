using Dispatch.Core.Alerts;

namespace Dispatch.Web.Api;

internal static class AlertEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/alerts").WithTags("Alerts");
        group.MapGet("/", ListAsync).Produces<ApiPage<Alert>>().WithSummary("What somebody should look at, the newest first; filter by open, kind, severity")
            .WithQuery("open", "kind", "severity", "page", "pageSize");
        group.MapPost("/{id:long}/acknowledge", AcknowledgeAsync).Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Somebody looks after an alert: nobody else is told of it");
        group.MapPost("/{id:long}/resolve", ResolveAsync).Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Close an alert; it does not come back while its cause lasts, and does when the cause is gone and comes again");
    }

    private static async Task<IResult> ListAsync(HttpContext context, AlertStore alerts)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (open, kind, severity) = (input.Flag("open"), input.Word<AlertKind>("kind"), input.Word<AlertSeverity>("severity"));
        if (input.IsBad) return input.Problem;
        var page = await alerts.ListAsync(new AlertSearch(open, kind, severity, skip, take), context.RequestAborted);
        return Results.Ok(new ApiPage<Alert>(page.Items, page.Total));
    }

    private static async Task<IResult> AcknowledgeAsync(long id, HttpContext context, AlertStore alerts) =>
        await alerts.AcknowledgeAsync(id, actorId: null, context.RequestAborted) ? Results.NoContent() : ApiProblems.NotFound("open alert that nobody looks after", id);

    private static async Task<IResult> ResolveAsync(long id, HttpContext context, AlertStore alerts) =>
        await alerts.ResolveAsync(id, actorId: null, context.RequestAborted) ? Results.NoContent() : ApiProblems.NotFound("open alert", id);
}
