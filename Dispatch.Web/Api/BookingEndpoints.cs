using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Api;

internal static class BookingEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/bookings").WithTags("Bookings");
        group.MapGet("/", ListAsync).Produces<ApiPage<BookingRow>>().WithSummary("Bookings: filter by status, zone, driver, from, to and q; sort, page, pageSize")
            .WithQuery("status", "zone", "driver", "from", "to", "q", "sort", "page", "pageSize");
        group.MapGet("/{id:long}", ReadAsync).Produces<BookingDetails>().WithSummary("One booking with its offers, metrics, messages and time line");
        group.MapPost("/", CreateAsync).WithBody<CreateBooking>().Produces<BookingCreated>(StatusCodes.Status201Created).Produces<BookingCreated>().WithConflict()
            .WithSummary("Make a booking; asked again with the same effectKey or Idempotency-Key the answer is 200 with the booking that was made");
        group.MapPost("/{id:long}/match", MatchAsync).WithBody<StartMatching>(optional: true).Produces<MatchingResultAnswer>().WithConflict()
            .WithSummary("Ask every available driver; answered when the offers are handed over");
        group.MapPost("/{id:long}/responses", RespondAsync).WithBody<RespondToBooking>().Produces<ResponseResultAnswer>().WithConflict()
            .WithSummary("A driver accepts or rejects; the same answer again gets the same result");
        group.MapPost("/{id:long}/cancel", CancelAsync).WithBody<CancelBooking>(optional: true).Produces<BookingRow>().WithConflict().WithSummary("Cancel, with a reason");
        group.MapPost("/{id:long}/complete", CompleteAsync).Produces<BookingRow>().WithConflict().WithSummary("The ride is done; its driver is free");
        group.MapPost("/{id:long}/assign", AssignAsync).WithBody<AssignBooking>().Produces<BookingRow>().WithConflict().WithSummary("Give the booking to a driver by hand");
        group.MapPost("/{id:long}/retry", RetryAsync).WithBody<StartMatching>(optional: true).Produces<MatchingResultAnswer>().WithConflict()
            .WithSummary("Search again after a search that found nobody");
        group.MapPost("/{id:long}/back-out", BackOutAsync).WithBody<AssignBooking>().Produces<BookingRow>().WithConflict()
            .WithSummary("The driver who has it cannot do it: searched again, and not asked again");
        api.MapGet("/matching/stats", StatsAsync).WithTags("Matching").Produces<MatchingStats>().WithSummary("Figures from (inclusive) to (exclusive); standard: the last 24 hours")
            .WithQuery("from", "to");
        api.MapGet("/matching/health", HealthAsync).WithTags("Matching").Produces<HealthStatus>().WithSummary("Database, gateway, due times and matching");
    }

    private static async Task<IResult> ListAsync(HttpContext context, BookingQueries bookings)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        var (sort, descending) = input.Sort<BookingSort>() ?? (BookingSort.CreatedAt, true);
        var search = new BookingSearch(
            input.Text("q"), input.Word<BookingStatus>("status"), null, input.Text("zone"), input.Number("driver"), Time(input, "from"), Time(input, "to"), sort, descending, skip, take);
        input.Check(search.Text is not { Length: > 120 }, "q", "At most 120 characters.");
        if (input.IsBad) return input.Problem;
        var page = await bookings.ListAsync(search, context.RequestAborted);
        return Results.Ok(new ApiPage<BookingRow>(page.Items, page.Total));
    }

    private static async Task<IResult> ReadAsync(long id, HttpContext context, BookingQueries bookings) =>
        await bookings.FindAsync(id, context.RequestAborted) is { } booking ? Results.Ok(booking) : ApiProblems.NotFound("booking", id);

    private static async Task<IResult> CreateAsync(HttpContext context, BookingService service, BookingQueries bookings, [FromHeader(Name = ApiInput.IdempotencyKey)] string? idempotencyKey = null)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateBooking>();
        var key = body?.EffectKey ?? idempotencyKey;
        input.CheckKey(key);
        if (input.IsBad) return input.Problem;
        var outcome = await service.CreateAsync(new NewBooking
        {
            CustomerName = body!.CustomerName ?? "", CustomerPhone = body.CustomerPhone ?? "", PickupAddress = body.PickupAddress ?? "", DropAddress = body.DropAddress ?? "",
            PickupTime = body.PickupTime?.UtcDateTime, Zone = body.Zone, PickupLatitude = body.PickupLatitude, PickupLongitude = body.PickupLongitude,
            DropLatitude = body.DropLatitude, DropLongitude = body.DropLongitude, Price = body.Price, Language = body.Language, StartAt = body.StartAt?.UtcDateTime, EffectKey = key is null ? null : $"api:{ApiKeyFilter.CallerOf(context)}:{key}",
        }, cancel: context.RequestAborted);
        if (outcome.Succeeded)
        {
            var made = new BookingCreated(outcome.Id, outcome.Status!.Value, outcome.Version);
            return outcome.Repeated ? Results.Ok(made) : Results.Created($"/api/bookings/{outcome.Id}", made);
        }
        foreach (var error in outcome.Errors ?? []) input.Wrong(error.Field, error.Allowed);
        return input.IsBad ? input.Problem : await AnswerAsync(outcome, bookings, context);
    }

    private static async Task<IResult> MatchAsync(long id, HttpContext context, MatchingService matching)
    {
        var input = new ApiInput(context);
        var options = await OptionsAsync(input);
        return options is null ? input.Problem : Answer(await matching.StartMatchingAsync(id, options, cancel: context.RequestAborted), id);
    }

    private static async Task<IResult> RetryAsync(long id, HttpContext context, MatchingService matching)
    {
        var input = new ApiInput(context);
        var options = await OptionsAsync(input);
        return options is null ? input.Problem : Answer(await matching.RetryAsync(id, options, cancel: context.RequestAborted), id);
    }

    /// <summary>Null: wrong, and <paramref name="input"/> says what.</summary>
    private static async Task<MatchingOptions?> OptionsAsync(ApiInput input)
    {
        var body = await input.BodyAsync<StartMatching>(optional: true);
        if (input.IsBad) return null;
        var priority = SeedWords.Read<PriorityMode>(body!.PriorityMode);
        var waves = SeedWords.Read<WavePolicy>(body.WavePolicy);
        input.Check(body.PriorityMode is null || priority is not null, "priorityMode", SeedWords.Allowed<PriorityMode>());
        input.Check(body.WavePolicy is null || waves is not null, "wavePolicy", SeedWords.Allowed<WavePolicy>());
        var options = new MatchingOptions(body.MaxDistance, body.ExcludeDriverIds, priority, waves);
        foreach (var error in BookingRules.Check(options)) input.Wrong(error.Field, error.Allowed);
        return input.IsBad ? null : options;
    }

    private static IResult Answer(MatchingResult result, long id) => result.Start switch
    {
        MatchingStart.Started => Results.Ok(new MatchingResultAnswer(true, result.DriversNotified, result.DriverIds, result.Errors, result.MatchingMetricsId, result.Pending)),
        MatchingStart.NotFound => ApiProblems.NotFound("booking", id),
        MatchingStart.AlreadyStarted => ApiProblems.Conflict("The booking is being matched already.", ("result", result.Start)),
        MatchingStart.NotPending => ApiProblems.Conflict("The booking's status does not allow a search; read it again.", ("result", result.Start)),
    };

    private static async Task<IResult> RespondAsync(long id, HttpContext context, MatchingService matching, TimeProvider clock)
    {
        var arrived = clock.GetUtcNow().UtcDateTime;
        var input = new ApiInput(context);
        var body = await input.BodyAsync<RespondToBooking>();
        DriverResponseKind? kind = body?.Type?.ToUpperInvariant() switch
        {
            "ACCEPT" or "ACCEPTED" => DriverResponseKind.Accepted,
            "REJECT" or "REJECTED" => DriverResponseKind.Rejected,
            _ => null,
        };
        input.Check(body is null || body.DriverId is > 0, "driverId", "Needed: who answers.");
        input.Check(body is null || kind is not null, "type", "Allowed: ACCEPT, REJECT.");
        if (input.IsBad) return input.Problem;
        var result = await matching.HandleDriverResponseAsync(id, body!.DriverId!.Value, new DriverResponse(kind!.Value, arrived), context.RequestAborted);
        return result is null
            ? ApiProblems.Problem(StatusCodes.Status404NotFound, $"There is no booking {id} or no driver {body.DriverId}.")
            : Results.Ok(new ResponseResultAnswer(result.Success, SeedWords.Of(result.Action), result.Message, result.LostByMs));
    }

    private static async Task<IResult> CancelAsync(long id, HttpContext context, MatchingService matching, BookingQueries bookings)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CancelBooking>(optional: true);
        input.Check(body?.Reason is not { Length: > 500 }, "reason", "At most 500 characters.");
        return input.IsBad ? input.Problem : await AnswerAsync(await matching.CancelMatchingAsync(id, body!.Reason, cancel: context.RequestAborted), bookings, context);
    }

    private static async Task<IResult> CompleteAsync(long id, HttpContext context, MatchingService matching, BookingQueries bookings) =>
        await AnswerAsync(await matching.CompleteAsync(id, cancel: context.RequestAborted), bookings, context);

    private static async Task<IResult> AssignAsync(long id, HttpContext context, MatchingService matching, BookingQueries bookings)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<AssignBooking>();
        input.Check(body is null || body.DriverId is > 0, "driverId", "Needed: who gets the booking.");
        return input.IsBad ? input.Problem : await AnswerAsync(await matching.AssignAsync(id, body!.DriverId!.Value, cancel: context.RequestAborted), bookings, context);
    }

    private static async Task<IResult> BackOutAsync(long id, HttpContext context, MatchingService matching, BookingQueries bookings)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<AssignBooking>();
        input.Check(body is null || body.DriverId is > 0, "driverId", "Needed: whose ride it is.");
        return input.IsBad ? input.Problem : await AnswerAsync(await matching.DriverBackOutAsync(id, body!.DriverId!.Value, context.RequestAborted), bookings, context);
    }

    private static async Task<IResult> AnswerAsync(BookingOutcome outcome, BookingQueries bookings, HttpContext context) => outcome.Result switch
    {
        BookingResult.Done => Results.Ok(await bookings.RowAsync(outcome.Id, context.RequestAborted)),
        BookingResult.NotFound => ApiProblems.NotFound("booking", outcome.Id),
        BookingResult.DriverNotFound => ApiProblems.Invalid("driverId", "There is no such driver."),
        BookingResult.DriverBusy => ApiProblems.Conflict("The driver has a ride already.", ("result", outcome.Result)),
        BookingResult.WrongStatus => ApiProblems.Conflict(
            $"The booking is {outcome.Status}; that does not allow this.", ("result", outcome.Result), ("status", outcome.Status), ("driverId", outcome.DriverId)),
        BookingResult.OtherBooking => ApiProblems.Conflict(
            $"The effect key made booking {outcome.Id}, which is another ride; use a new key for a new booking.", ("result", outcome.Result), ("id", outcome.Id)),
        BookingResult.BadInput => ApiProblems.Invalid("body", outcome.Errors is [var error, ..] ? error.Allowed : "Wrong values."),
    };

    private static async Task<IResult> StatsAsync(HttpContext context, MetricsService metrics, TimeProvider clock)
    {
        var input = new ApiInput(context);
        var (from, to) = (Time(input, "from"), Time(input, "to"));
        var end = to ?? clock.GetUtcNow().UtcDateTime.AddSeconds(1);
        var begin = from ?? end.AddDays(-1);
        input.Check(begin < end, "to", "Later than from is allowed.");
        return input.IsBad ? input.Problem : Results.Ok(await metrics.GetMatchingStatsAsync(new TimeFrame(begin, end), context.RequestAborted));
    }

    private static async Task<IResult> HealthAsync(HttpContext context, MatchingHealthService health)
    {
        var status = await health.CheckMatchingSystemHealthAsync(context.RequestAborted);
        return Results.Json(status, statusCode: status.Overall == HealthLevel.Critical ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    private static DateTime? Time(ApiInput input, string name)
    {
        if (input.Text(name) is not { } text) return null;
        if (DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at)) return at.UtcDateTime;
        input.Wrong(name, "A time such as 2026-03-01T08:00:00Z is allowed.");
        return null;
    }
}
