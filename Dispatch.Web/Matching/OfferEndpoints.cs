using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Matching;

/// <summary>
/// The answer of the offer's page <c>/d/{token}</c>: a plain form posts here, so it works without a script on a slow phone. The token is the credential;
/// nobody signs in.
/// </summary>
internal static class OfferEndpoints
{
    public static void MapDispatchOffers(this WebApplication app) =>
        app.MapPost("/d/{token}/{answer:regex(^(accept|refuse)$)}", AnswerAsync).AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();

    /// <summary>A browser goes back to the page, which shows what became of it; a program gets the result.</summary>
    private static async Task<IResult> AnswerAsync(
        string token, string answer, HttpContext context, [FromServices] OfferService offers, [FromServices] TimeProvider clock)
    {
        var kind = answer == "accept" ? DriverResponseKind.Accepted : DriverResponseKind.Rejected;
        var result = await offers.AnswerAsync(token, kind, clock.GetUtcNow().UtcDateTime, context.RequestAborted);
        if (Startup.Pages.WantsPage(context.Request)) return Results.LocalRedirect($"/d/{Uri.EscapeDataString(token)}");
        return result is null
            ? Results.Problem("This link is not one of ours.", statusCode: StatusCodes.Status404NotFound)
            : Results.Ok(new { success = result.Success, action = Api.SeedWords.Of(result.Action), message = result.Message, lostByMs = result.LostByMs });
    }
}
