using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Outreach;
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
        api.MapPost("/channels/{key}/credentials", SetCredentialsAsync).WithTags("Channels").WithBody<ChannelCredentials>()
            .Produces<ChannelAnswer>().WithConflict().WithSummary("Replace the credentials of a Unipile or Meta channel, all at once");
        api.MapPost("/channels/{key}/invitations", InviteAsync).WithTags("Channels").WithBody<CreateInvitation>()
            .Produces<InvitationAnswer>(StatusCodes.Status201Created).WithConflict().WithSummary("Invite somebody through a Unipile channel; once per person, accepted it leads to the first contact");
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
            if (body.Provider is { } kind && ChannelRules.HasCredentials(kind))
            {
                input.Check(string.IsNullOrWhiteSpace(body.Token), "token", "It is part of the credentials of this provider.");
                if (body.Credentials is { } given) CheckCredentials(input, kind, given, "credentials.");
            }
            else
            {
                input.Check(body.Credentials is null, "credentials", "Only Unipile and Meta have credentials; this provider has a token.");
            }
            input.Check(string.IsNullOrWhiteSpace(body.Token) || ChannelRules.IsToken(body.Token.Trim()), "token", $"At most {ChannelRules.MaxToken} visible ASCII characters.");
        }
        if (input.IsBad) return input.Problem;
        var outcome = body!.Credentials is { } credentials
            ? await channels.CreateWithAsync(body.Key!, body.Provider!.Value, credentials, cancel: context.RequestAborted)
            : await channels.CreateAsync(body.Key!, body.Provider!.Value, body.Token, cancel: context.RequestAborted);
        if (outcome.Result == ChannelResult.DuplicateKey) return ApiProblems.Conflict("Another channel has this key.", ("result", outcome.Result));
        if (outcome.Result != ChannelResult.Done) return ApiProblems.Invalid("body", outcome.Result.ToString());
        var made = (await channels.ListAsync(context.RequestAborted)).First(c => c.Id == outcome.Id);
        return Results.Created("/api/channels", ChannelAnswer.Of(made));
    }

    private static async Task<IResult> SetCredentialsAsync(string key, HttpContext context, ChannelService channels)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<ChannelCredentials>();
        if (body is null) return input.Problem;
        var channel = (await channels.ListAsync(context.RequestAborted)).FirstOrDefault(c => c.Key == key);
        if (channel is null) return ApiProblems.NotFound("channel", key);
        if (!ChannelRules.HasCredentials(channel.Provider)) return ApiProblems.Conflict("Only channels of Unipile and Meta have credentials.", ("provider", channel.Provider));
        CheckCredentials(input, channel.Provider, body, "");
        if (input.IsBad) return input.Problem;
        var outcome = await channels.SetCredentialsAsync(channel.Id, body, cancel: context.RequestAborted);
        if (outcome.Result != ChannelResult.Done) return ApiProblems.Invalid(outcome.Field ?? "body", outcome.Result.ToString());
        return Results.Ok(ChannelAnswer.Of((await channels.ListAsync(context.RequestAborted)).First(c => c.Id == channel.Id)));
    }

    private static async Task<IResult> InviteAsync(string key, HttpContext context, ChannelService channels, UnipileInvitations invitations, AccountNews accounts)
    {
        var input = new ApiInput(context);
        var body = await input.BodyAsync<CreateInvitation>();
        if (body is not null)
        {
            input.Check(body.Address?.Trim() is { Length: > 0 and <= 64 }, "address", "Needed: the person's id at the provider, at most 64 characters.");
            input.Check(body.Note is not { Length: > UnipileInvitations.MaxNote }, "note", $"At most {UnipileInvitations.MaxNote} characters.");
        }
        if (input.IsBad) return input.Problem;
        var channel = (await channels.ListAsync(context.RequestAborted)).FirstOrDefault(c => c.Key == key);
        if (channel is null) return ApiProblems.NotFound("channel", key);
        var outcome = await invitations.InviteAsync(channel.Id, body!.Address!, body.Note, context.RequestAborted);
        // A limit of the account concerns everything it sends.
        if (outcome.Failure is SendFailure.AccountLimited or SendFailure.ChannelNotAuthorized) await accounts.HeldAsync(channel.Id, outcome.Failure.Value);
        return outcome.Result switch
        {
            InviteResult.Sent => Results.Created($"/api/channels/{key}/invitations", new InvitationAnswer(body.Address!.Trim(), outcome.InvitationId)),
            InviteResult.BadInput => ApiProblems.Invalid("address", "Not an id of a person at the provider."),
            InviteResult.NoChannel => ApiProblems.Conflict("Only channels of Unipile can invite.", ("result", outcome.Result)),
            InviteResult.AlreadyInvited => ApiProblems.Conflict("He is invited already.", ("result", outcome.Result)),
            InviteResult.AlreadyConnected => ApiProblems.Conflict("He is connected already.", ("result", outcome.Result)),
            InviteResult.TooManyToday => ApiProblems.Conflict("The channel's invitations of the last 24 hours are used up.", ("result", outcome.Result)),
            InviteResult.Uncertain => ApiProblems.Conflict("It may have left. Ask again in a minute: the list of sent invitations decides before anything is sent.", ("result", outcome.Result)),
            _ => ApiProblems.Conflict("It did not leave.", ("result", outcome.Result), ("failure", outcome.Failure)),
        };
    }

    private static void CheckCredentials(ApiInput input, ChannelProvider provider, ChannelCredentials given, string prefix)
    {
        foreach (var field in ChannelRules.Wrong(provider, given)) input.Wrong(prefix + field, Allowed(provider, field));
    }

    private static string Allowed(ChannelProvider provider, string field) => field switch
    {
        "token" => $"Needed: 1 to {ChannelRules.MaxToken} visible ASCII characters.",
        "server" => "Needed: the DSN, such as https://api1.unipile.com:13111.",
        "account" when provider == ChannelProvider.Meta => "Needed: the phone number id, 5 to 32 digits.",
        "account" => $"Needed: the account id at Unipile, at most {ChannelRules.MaxAccount} characters.",
        "userId" => $"At most {ChannelRules.MaxAccount} visible ASCII characters.",
        _ => $"Needed: {ChannelRules.MinSecret} to {ChannelRules.MaxSecret} visible ASCII characters.",
    };

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
        var outcome = await profiles.CreateAsync(body!.Name!, body.Channel!, body.Mode, cancel: context.RequestAborted);
        return outcome.Result switch
        {
            ProfileResult.Done => Results.Created("/api/profiles", new ProfileAnswer(outcome.Id, body.Name!.Trim(), body.Channel!, body.Mode, false, [])),
            ProfileResult.ChannelNotFound => ApiProblems.Invalid("channel", "There is no channel with this key."),
            ProfileResult.ChannelTaken => ApiProblems.Conflict("The channel has a profile already; there is one per channel.", ("result", outcome.Result)),
            _ => ApiProblems.Invalid("body", outcome.Result.ToString()),
        };
    }
}
