using Dispatch.Core.Settings;

namespace Dispatch.Web.Api;

public sealed record ChangeSetting
{
    /// <summary>A whole number from the setting's minimum to its maximum, or 0 where <c>orZero</c> says so; a flag is 0 or 1.</summary>
    public int? Value { get; init; }
}

/// <summary>A setting that changes while Dispatch runs.</summary>
/// <param name="Standard">What it is while nobody changed it.</param>
/// <param name="OrZero">0 is allowed as well, and means "not at all".</param>
/// <param name="ChangedAt">UTC; null: never.</param>
/// <param name="ChangedById">The admin; null: never changed, or by an integration.</param>
public sealed record SettingAnswer(string Key, int Value, int Standard, int Min, int Max, bool OrZero, SettingUnit Unit, DateTime? ChangedAt, long? ChangedById)
{
    public static SettingAnswer Of(SettingRow row) => new(
        row.Definition.Key, row.Value, row.Definition.Standard, row.Definition.Min, row.Definition.Max, row.Definition.OrZero, row.Definition.Unit, row.ChangedAt, row.ChangedById);
}

internal static class SettingEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/settings").WithTags("Settings");
        group.MapGet("/", ListAsync).Produces<ApiPage<SettingAnswer>>().WithSummary("Every setting that changes while Dispatch runs, with its limits").WithQuery("page", "pageSize");
        group.MapPut("/{key}", ChangeAsync).WithBody<ChangeSetting>().Produces<SettingAnswer>().ProducesProblem(StatusCodes.Status404NotFound)
            .WithSummary("Change a setting; it holds at once on this node and within two seconds on the others");
    }

    private static async Task<IResult> ListAsync(HttpContext context, SettingsService settings)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        if (input.IsBad) return input.Problem;
        var rows = await settings.ListAsync(context.RequestAborted);
        return Results.Ok(new ApiPage<SettingAnswer>([.. rows.Skip(skip).Take(take).Select(SettingAnswer.Of)], rows.Count));
    }

    private static async Task<IResult> ChangeAsync(string key, HttpContext context, SettingsService settings)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ChangeSetting>();
        if (body is not null) input.Check(body.Value is not null, "value", "Needed: a whole number.");
        if (input.IsBad) return input.Problem;
        var outcome = await settings.ChangeAsync(key, body!.Value!.Value, null, context.RequestAborted);
        switch (outcome.Result)
        {
            case SettingResult.UnknownKey:
                return ApiProblems.Problem(
                    StatusCodes.Status404NotFound, $"There is no setting {key}.", ("settings", SettingCatalog.All.Select(d => d.Key).ToArray()));
            case SettingResult.OutOfRange:
                var allowed = outcome.Definition!;
                input.Check(false, "value", $"A whole number from {allowed.Min} to {allowed.Max}{(allowed.OrZero ? ", or 0" : "")}.");
                return input.Problem;
            case SettingResult.Done:
            default:
                return Results.Ok(SettingAnswer.Of((await settings.ListAsync(context.RequestAborted)).First(r => r.Definition.Key == key)));
        }
    }
}
