using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;

namespace Dispatch.Web.Api;

internal static class ChannelEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/channels", ListChannelsAsync).WithTags("Channels").Produces<ApiPage<ChannelAnswer>>().WithSummary("Channels; a token is never part of it")
            .WithQuery("page", "pageSize");
        api.MapPost("/channels", CreateChannelAsync).WithTags("Channels").WithBody<CreateChannel>()
            .Produces<ChannelAnswer>(StatusCodes.Status201Created).WithConflict().WithSummary("Make a channel");
        api.MapGet("/profiles", ListProfilesAsync).WithTags("Profiles").Produces<ApiPage<ProfileAnswer>>().WithSummary("Profiles").WithQuery("page", "pageSize");
        api.MapPost("/profiles", CreateProfileAsync).WithTags("Profiles").WithBody<CreateProfile>()
            .Produces<ProfileAnswer>(StatusCodes.Status201Created).WithConflict()
            .WithSummary("Make the profile of a channel; Exclusive: one moderator at a time holds it, Shared: everybody has conversations of it");
    }

    private static async Task<IResult> ListChannelsAsync(HttpContext context, ChannelService channels)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        if (input.IsBad) return input.Problem;
        var (items, total) = await channels.PageAsync(skip, take, context.RequestAborted);
        return Results.Ok(new ApiPage<ChannelAnswer>([.. items.Select(ChannelAnswer.Of)], total));
    }

    private static async Task<IResult> CreateChannelAsync(HttpContext context, ChannelService channels)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateChannel>();
        if (body is not null)
        {
            input.Check(ChannelRules.IsKey(body.Key), "key", $"{ChannelRules.MinKey} to {ChannelRules.MaxKey} lower-case letters, digits and dashes.");
            input.Check(body.Provider is { } provider && ChannelRules.ByHand.Contains(provider), "provider", $"Allowed: {string.Join(", ", ChannelRules.ByHand)}.");
            input.Check(string.IsNullOrWhiteSpace(body.Token) || ChannelRules.IsToken(body.Token.Trim()), "token", $"At most {ChannelRules.MaxToken} visible ASCII characters.");
        }
        if (input.IsBad) return input.Problem;
        var outcome = await channels.CreateAsync(body!.Key!, body.Provider!.Value, body.Token, context.RequestAborted);
        if (outcome.Result == ChannelResult.DuplicateKey) return ApiProblems.Conflict("Another channel has this key.", ("result", outcome.Result));
        if (outcome.Result != ChannelResult.Done) return ApiProblems.Invalid("body", outcome.Result.ToString());
        var made = (await channels.ListAsync(context.RequestAborted)).First(c => c.Id == outcome.Id);
        return Results.Created("/api/channels", ChannelAnswer.Of(made));
    }

    private static async Task<IResult> ListProfilesAsync(HttpContext context, ProfileService profiles)
    {
        var input = new ApiInput(context);
        var (skip, take) = input.Page();
        if (input.IsBad) return input.Problem;
        var (items, total) = await profiles.PageAsync(skip, take, context.RequestAborted);
        return Results.Ok(new ApiPage<ProfileAnswer>([.. items.Select(ProfileAnswer.Of)], total));
    }

    private static async Task<IResult> CreateProfileAsync(HttpContext context, ProfileService profiles)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateProfile>();
        if (body is not null)
        {
            input.Check(body.Name?.Trim() is { Length: > 0 and <= ProfileService.MaxName }, "name", $"1 to {ProfileService.MaxName} characters.");
            input.Check(ChannelRules.IsKey(body.Channel), "channel", "The key of a channel is needed.");
        }
        if (input.IsBad) return input.Problem;
        var outcome = await profiles.CreateAsync(body!.Name!, body.Channel!, body.Mode, context.RequestAborted);
        return outcome.Result switch
        {
            ProfileResult.Done => Results.Created("/api/profiles", new ProfileAnswer(outcome.Id, body.Name!.Trim(), body.Channel!, body.Mode, false, [])),
            ProfileResult.ChannelNotFound => ApiProblems.Invalid("channel", "There is no channel with this key."),
            ProfileResult.ChannelTaken => ApiProblems.Conflict("The channel has a profile already; there is one per channel.", ("result", outcome.Result)),
            _ => ApiProblems.Invalid("body", outcome.Result.ToString()),
        };
    }
}
