using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Dispatch.Web.Matching;

/// <summary>
/// The page behind an offer's link. Whoever has the link is the driver: no sign-in and no cookie, so there is nothing that another site could borrow and
/// the form needs no token against that. A GET never answers an offer: messengers fetch links to show a preview.
/// </summary>
internal static class OfferEndpoints
{
    public const string Accept = "accept", Refuse = "refuse", Root = "/d";
    private static readonly string[] Robots = ["bot", "preview", "WhatsApp/", "facebookexternalhit", "crawler"];

    public static void MapDispatchOffers(this WebApplication app)
    {
        var offers = app.MapGroup(Root + "/{token}").AllowAnonymous().ExcludeFromDescription();
        offers.MapGet("", ShowAsync);
        offers.MapPost("", AnswerAsync).DisableAntiforgery();
    }

    private static async Task<IResult> ShowAsync(
        HttpContext context, string token, OfferTokens tokens, OfferQueries offers, MatchingService matching, [FromQuery] bool again = false)
    {
        var offer = tokens.Read(token) is { } name ? await offers.FindAsync(name, context.RequestAborted) : null;
        if (offer is { State: null } && !IsRobot(context.Request)) await matching.MarkSeenAsync(offer.Offer.BookingId, offer.Offer.DriverId, context.RequestAborted);
        return Page(context, offer, again);
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, string token, [FromForm] string? answer, OfferTokens tokens, OfferQueries offers, MatchingService matching, TimeProvider clock)
    {
        var arrived = clock.GetUtcNow().UtcDateTime;
        var kind = answer switch { Accept => DriverResponseKind.Accepted, Refuse => DriverResponseKind.Rejected, _ => (DriverResponseKind?)null };
        if (tokens.Read(token) is { } name && kind is { } said && await offers.FindAsync(name, context.RequestAborted) is { } offer && Answers(offer, said))
        {
            // Not cut off by a phone that loses its line: the answer was given.
            await matching.HandleDriverResponseAsync(name.BookingId, name.DriverId, new DriverResponse(said, arrived, NotificationMethod.Link), CancellationToken.None);
        }
        // What became of it is in the rows; shown by a GET, it can be opened again without answering again.
        return TypedResults.Redirect($"{Root}/{token}{(kind is null ? "?again=true" : "")}");
    }

    /// <summary>An open offer, or one that was taken in between: then it is recorded by how much he was late.</summary>
    private static bool Answers(OfferView offer, DriverResponseKind said) =>
        offer.State is null || (offer.State == ResponseAction.AlreadyTaken && offer.LostByMs is null && said == DriverResponseKind.Accepted);

    private static RazorComponentResult<OfferDocument> Page(HttpContext context, OfferView? offer, bool failed)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        return new RazorComponentResult<OfferDocument>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(OfferDocument.Offer)] = offer, [nameof(OfferDocument.Failed)] = failed,
        })
        {
            StatusCode = offer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }

    /// <summary>A look by a machine is not a look by the driver: three offers seen and let pass pause him.</summary>
    private static bool IsRobot(HttpRequest request) =>
        request.Headers[HeaderNames.UserAgent].ToString() is var agent && Array.Exists(Robots, r => agent.Contains(r, StringComparison.OrdinalIgnoreCase));
}
