using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Dispatch.Web.Matching;

/// <summary>
/// The page of an offer, <c>/d/{token}</c>, and its answer: a plain form, so it works without a script on a slow phone. The token is the credential: no
/// sign-in and no cookie, so there is nothing another site could borrow and the form needs no token against that. A GET never answers an offer, because
/// messengers fetch links to show a preview.
/// </summary>
internal static class OfferEndpoints
{
    public const string Root = "/d";
    private static readonly string[] Robots = ["bot", "preview", "WhatsApp/", "facebookexternalhit", "crawler"];

    public static void MapDispatchOffers(this WebApplication app)
    {
        var offers = app.MapGroup(Root + "/{token}").AllowAnonymous().ExcludeFromDescription();
        offers.MapGet("", ShowAsync);
        offers.MapPost("{answer:regex(^(accept|refuse)$)}", AnswerAsync).DisableAntiforgery();
    }

    private static async Task<RazorComponentResult<OfferDocument>> ShowAsync(string token, HttpContext context, [FromServices] OfferService offers)
    {
        var offer = await offers.OpenAsync(token, isDriver: !IsRobot(context.Request.Headers[HeaderNames.UserAgent].ToString()), context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        return new RazorComponentResult<OfferDocument>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(OfferDocument.Offer)] = offer, [nameof(OfferDocument.Token)] = token,
        })
        {
            StatusCode = offer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }

    /// <summary>A browser goes back to the page, which shows what became of it and can be opened again; a program gets the result.</summary>
    private static async Task<IResult> AnswerAsync(
        string token, string answer, HttpContext context, [FromServices] OfferService offers, [FromServices] TimeProvider clock)
    {
        var kind = answer == "accept" ? DriverResponseKind.Accepted : DriverResponseKind.Rejected;
        // Not cut off by a phone that loses its line: the answer was given.
        var result = await offers.AnswerAsync(token, kind, clock.GetUtcNow().UtcDateTime, CancellationToken.None);
        if (Startup.Pages.WantsPage(context.Request)) return Results.LocalRedirect($"{Root}/{Uri.EscapeDataString(token)}");
        return result is null
            ? Results.Problem("This link is not one of ours.", statusCode: StatusCodes.Status404NotFound)
            : Results.Ok(new { success = result.Success, action = Api.SeedWords.Of(result.Action), message = result.Message, lostByMs = result.LostByMs });
    }

    /// <summary>A look by a machine is not a look by the driver: three offers seen and let pass pause him.</summary>
    internal static bool IsRobot(string agent) => Array.Exists(Robots, r => agent.Contains(r, StringComparison.OrdinalIgnoreCase));
}
