using Dispatch.Core.Matching;

namespace Dispatch.Web.Api;

internal static class DriverEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/drivers").WithTags("Drivers");
        group.MapGet("/", ListAsync).Produces<ApiPage<DriverRow>>().WithSummary("Drivers: filter by status, zone and q (name, phone, plate); sort, page, pageSize")
            .WithQuery("status", "zone", "q", "sort", "page", "pageSize");
        group.MapGet("/{id:long}", ReadAsync).Produces<DriverDetails>().WithSummary("One driver with statistics of the last 30 days and newest offers");
        group.MapPost("/", CreateAsync).WithBody<CreateDriver>().Produces<DriverCreated>(StatusCodes.Status201Created).WithConflict().WithSummary("Make a driver");
        group.MapPost("/{id:long}/status", SetStatusAsync).WithBody<SetDriverStatus>().Produces<DriverRow>().WithConflict()
            .WithSummary("Available, Offline or Paused, with a position if it is known; whoever becomes available is asked about open bookings at once");
        group.MapGet("/export", ExportAsync).Produces<string>(contentType: "text/csv").WithSummary("All drivers as CSV");
        group.MapPost("/import", ImportAsync).Produces<ImportResult>().WithSummary("Drivers from CSV (text/csv): new ones by phone number, known ones changed; wrong lines are listed");
    }

    private static async Task<IResult> ListAsync(HttpContext context, DriverQueries drivers)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<DriverSort>() ?? (DriverSort.Name, false);
        var search = new DriverSearch(input.Text("q"), input.Word<DriverStatus>("status"), input.Text("zone"), sort, descending, skip, take);
        input.Check(search.Text is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await drivers.ListAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<DriverRow>(page.Items, page.Total));
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, DriverQueries drivers, TimeProvider clock)
    {
        var frame = TimeFrame.Last(TimeSpan.FromDays(30), clock.GetUtcNow().UtcDateTime.AddSeconds(1));
        return await drivers.FindAsync(id, frame, context.RequestAborted) is { } driver ? Results.Ok(driver) : ApiProblems.NotFound("driver", id);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, DriverService drivers)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateDriver>();
        if (input.IsBad) return input.Problem;
        var outcome = await drivers.CreateAsync(new NewDriver
        {
            Name = body!.Name ?? "", Phone = body.Phone ?? "", VehicleType = body.VehicleType, VehiclePlate = body.VehiclePlate, Zone = body.Zone, Latitude = body.Latitude,
            Longitude = body.Longitude, Rating = body.Rating, Language = body.Language, Status = body.Status,
        }, cancel: context.RequestAborted);
        return outcome.Result == DriverResult.Done ? Results.Created($"/api/drivers/{outcome.Id}", new DriverCreated(outcome.Id, body.Status)) : Refusal(outcome, input);
    }

    private static async Task<IResult> SetStatusAsync(long id, HttpContext context, DriverService drivers, DriverQueries queries)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<SetDriverStatus>();
        if (body is { Status: null }) input.Wrong("status", "Allowed: Available, Offline, Paused.");
        if (input.IsBad) return input.Problem;
        var outcome = await drivers.SetStatusAsync(id, body!.Status!.Value, body.Latitude, body.Longitude, cancel: context.RequestAborted);
        return outcome.Result == DriverResult.Done ? Results.Ok(await queries.RowAsync(id, context.RequestAborted)) : Refusal(outcome, input);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, DriverService drivers) =>
        Results.Text(await drivers.ExportCsvAsync(cancel: context.RequestAborted), "text/csv; charset=utf-8");

    private static async Task<IResult> ImportAsync(HttpContext context, DriverService drivers)
    {
        using var reader = new StreamReader(context.Request.Body);
        return Results.Ok(await drivers.ImportCsvAsync(await reader.ReadToEndAsync(context.RequestAborted), cancel: context.RequestAborted));
    }

    private static IResult Refusal(DriverOutcome outcome, ApiInput input)
    {
        switch (outcome.Result)
        {
            case DriverResult.NotFound: return ApiProblems.NotFound("driver", outcome.Id);
            case DriverResult.DuplicatePhone: return ApiProblems.Conflict("Another driver has this phone number.", ("result", outcome.Result));
            case DriverResult.HasBooking: return ApiProblems.Conflict("The driver has a ride; complete or cancel it first. The position was taken.", ("result", outcome.Result));
            default:
                foreach (var error in outcome.Errors ?? []) input.Wrong(error.Field, error.Allowed);
                return input.Problem;
        }
    }
}
