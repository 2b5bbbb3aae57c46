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
        var webhook = app.ServiceProvider.GetRequiredService<WhapiWebhook>();
        app.MapPost("/webhooks/whapi/{channel}", (string channel, HttpContext context) => webhook.HandleAsync(channel, context))
            .AllowAnonymous()
            .DisableAntiforgery()
            .WithTags("Webhooks")
            .WithSummary("Messages and statuses from Whapi")
            .WithDescription($"Needs the header {WhapiWebhook.SecretHeader}. Answered after the commit; a repeated call changes nothing.")
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
}
