using Dispatch.Web.Account;
using Dispatch.Web.Api;
using Dispatch.Web.Conflicts;
using Dispatch.Web.Locks;
using Dispatch.Web.Queue;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Moderators;

/// <summary>
/// The routes of seed 001 under <c>/moderateur</c>: JSON for the person who is signed in. What changes something needs the antiforgery token, which
/// every answer to a GET carries in the header of the same name.
/// </summary>
internal static class ModeratorRoutes
{
    public const string TokenHeader = "RequestVerificationToken";
    private const long MaxBody = 16 * 1024;

    public static void MapDispatchModeratorRoutes(this WebApplication app)
    {
        var faults = app.Services.GetRequiredService<ApiFaultFilter>();
        var group = app.MapGroup("/moderateur").RequireAuthorization().ExcludeFromDescription().WithMetadata(new RequestSizeLimitAttribute(MaxBody))
            .AddEndpointFilter(faults).AddEndpointFilter(CheckTokenAsync);
        // For whoever has nothing else to GET, such as an admin.
        group.MapGet("/token", () => Results.NoContent());
        var moderators = group.MapGroup("").RequireAuthorization(Policies.Moderator);
        var admins = group.MapGroup("").RequireAuthorization(Policies.Admin);
        LockRoutes.Map(moderators, admins);
        QueueRoutes.Map(moderators, admins);
        ConflictRoutes.Map(moderators);
    }

    private static async ValueTask<object?> CheckTokenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var antiforgery = http.RequestServices.GetRequiredService<IAntiforgery>();
        if (HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Headers[TokenHeader] = antiforgery.GetAndStoreTokens(http).RequestToken;
            return await next(context);
        }
        return await antiforgery.IsRequestValidAsync(http)
            ? await next(context)
            : ApiProblems.Problem(StatusCodes.Status400BadRequest, $"The header {TokenHeader} is missing or not valid; GET /moderateur/token gives one.");
    }
}
