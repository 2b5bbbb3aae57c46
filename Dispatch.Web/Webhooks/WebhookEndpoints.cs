using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Webhooks;

public static class WebhookEndpoints
{
    /// <summary>
    /// Where gateways deliver. Open to anonymous callers because each call brings its own secret; straight from the router, past languages,
    /// cookies, policies and error pages, none of which concerns a gateway and which cost more than reading its message.
    /// </summary>
    public static void MapDispatchWebhooks(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (whapi, unipile, meta) = (services.GetRequiredService<WhapiWebhook>(), services.GetRequiredService<UnipileWebhook>(), services.GetRequiredService<MetaWebhook>());
        Describe(app.MapPost("/webhooks/whapi/{channel}", (string channel, HttpContext context) => whapi.HandleAsync(channel, context)),
            "Messages and statuses from Whapi", $"Needs the header {WhapiWebhook.SecretHeader}.");
        Describe(app.MapPost("/webhooks/unipile/{channel}", (string channel, HttpContext context) => unipile.HandleAsync(channel, context)),
            "Messages, new relations and account statuses from Unipile", $"Needs the header {UnipileWebhook.SecretHeader} with the channel's own secret. Any Content-Type, or none.");
        Describe(app.MapPost("/webhooks/meta/{channel}", (string channel, HttpContext context) => meta.HandleAsync(channel, context)),
            "Messages and statuses from Meta's Cloud API", "Signed: X-Hub-Signature-256 over the bytes of the body.");
        app.MapGet("/webhooks/meta/{channel}", (string channel, HttpContext context) => meta.VerifyAsync(channel, context))
            .AllowAnonymous()
            .WithTags("Webhooks")
            .WithSummary("Meta's verification of the address: answers hub.challenge when hub.verify_token is the channel's")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .Produces<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<ProblemDetails>(StatusCodes.Status403Forbidden, "application/problem+json")
            .Produces<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")
            .ShortCircuit();
    }

    private static void Describe(RouteHandlerBuilder endpoint, string summary, string needs) => endpoint
        .AllowAnonymous()
        .DisableAntiforgery()
        .WithTags("Webhooks")
        .WithSummary(summary)
        .WithDescription($"{needs} Answered after the commit; a repeated call changes nothing.")
        .Produces<WebhookAnswer>()
        .Produces<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status401Unauthorized, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status404NotFound, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status409Conflict, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status413PayloadTooLarge, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status429TooManyRequests, "application/problem+json")
        .Produces<ProblemDetails>(StatusCodes.Status500InternalServerError, "application/problem+json")
        .ShortCircuit();
}
