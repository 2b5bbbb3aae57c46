using System.Text.Json.Serialization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;
using Dispatch.Web.Webhooks;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Api;

public static class ApiServices
{
    private const long MaxBody = 256 * 1024;

    /// <summary>The API and the webhooks. Needs conversations and gateways.</summary>
    public static IServiceCollection AddDispatchApi(this IServiceCollection services)
    {
        services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section);
        services.AddSingleton<ConversationLookup>();
        services.AddSingleton<ModeratorLookup>();
        services.AddSingleton<WhapiWebhook>();
        services.AddSingleton<UnipileWebhook>();
        services.AddSingleton<MetaWebhook>();
        services.AddSingleton<ApiKeyFilter>();
        services.AddSingleton<ApiFaultFilter>();
        services.AddProblemDetails();
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(allowIntegerValues: false)));
        services.AddOpenApi("v1", ApiDocument.Describe);
        return services;
    }

    /// <summary>Everything under <c>/api</c>, and the document that describes it at <c>/openapi/v1.json</c>.</summary>
    public static void MapDispatchApi(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        var keys = app.ServiceProvider.GetRequiredService<ApiKeyFilter>();
        var faults = app.ServiceProvider.GetRequiredService<ApiFaultFilter>();
        // Anonymous to the cookie's policies: the key is the credential here. Filters run in the order in which they are added.
        var api = app.MapGroup("/api").AllowAnonymous().DisableAntiforgery()
            .AddEndpointFilter(faults).AddEndpointFilter(keys)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        ConversationEndpoints.Map(api);
        ModeratorEndpoints.Map(api);
        ChannelEndpoints.Map(api);
        LockEndpoints.Map(api);
        AlertEndpoints.Map(api);
        ProfileEndpoints.Map(api);
        SettingEndpoints.Map(api);
        ContactEndpoints.Map(api);
        DriverEndpoints.Map(api);
        BookingEndpoints.Map(api);
        OutreachEndpoints.Map(api);
        NumberEndpoints.Map(api);
        NumberEndpoints.MapSeed(app.MapGroup("").AllowAnonymous().DisableAntiforgery().AddEndpointFilter(faults).AddEndpointFilter(keys)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBody)).ProducesProblem(StatusCodes.Status401Unauthorized));
        api.MapFallback("/{**path}", () => ApiProblems.Problem(StatusCodes.Status404NotFound, "There is no such resource or it does not know this method; /openapi/v1.json lists them."))
            .ExcludeFromDescription();
    }
}
