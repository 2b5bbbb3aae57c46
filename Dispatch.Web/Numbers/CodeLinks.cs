using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Numbers;

/// <summary>
/// The link to a code for whoever holds the phone. <c>/q/{token}</c> is a page with a button, because messengers fetch links to show a preview; the button's
/// POST spends the link and gives that one browser a cookie, with which <c>/q</c> shows the code until the link ends. No address and no log ever has a code,
/// and after the first page none has the token either.
/// </summary>
internal static class CodeLinks
{
    public const string Root = "/q";
    private const string Cookie = "dispatch.code";

    public static string Address(string token) => $"{Root}/{Uri.EscapeDataString(token)}";

    public static void MapDispatchCodeLinks(this WebApplication app)
    {
        var links = app.MapGroup(Root).AllowAnonymous().ExcludeFromDescription();
        links.MapGet("", ShowAsync);
        links.MapPost("", AskPairingCodeAsync).DisableAntiforgery();
        // The token is the credential: another site that knew it would not need the form.
        links.MapGet("/{token}", (HttpContext context) => Document(context, CodeLinkStep.Unopened));
        links.MapPost("/{token}", SpendAsync).DisableAntiforgery();
    }

    private static async Task<IResult> SpendAsync(string token, HttpContext context, [FromServices] NumberCodes codes)
    {
        // Not cut off by a phone that loses its line: the link would be spent and nobody have the key.
        if (await codes.SpendLinkAsync(token, CancellationToken.None) is not { } spent) return Document(context, CodeLinkStep.Gone);
        context.Response.Cookies.Append(Cookie, spent.ViewerKey, new CookieOptions
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = Root, Expires = new DateTimeOffset(spent.ExpiresAt, TimeSpan.Zero), IsEssential = true,
        });
        NoStore(context);
        return Results.LocalRedirect(Root);
    }

    private static async Task<IResult> ShowAsync(HttpContext context, [FromServices] NumberCodes codes, [FromServices] NumberQueries numbers)
    {
        if (await codes.ReadForViewerAsync(context.Request.Cookies[Cookie], context.RequestAborted) is not { } seen
            || await numbers.FindAsync(seen.View.NumberId, 1, context.RequestAborted) is not { } details)
            return Document(context, CodeLinkStep.Gone);
        return Document(context, CodeLinkStep.Open, seen.View, details, seen.LinkEndsAt);
    }

    /// <summary>For whoever has no second screen: the phone cannot scan what it shows itself, but letters can be typed.</summary>
    private static async Task<IResult> AskPairingCodeAsync(HttpContext context, [FromServices] NumberCodes codes, [FromServices] NumberService numbers)
    {
        if (await codes.ReadForViewerAsync(context.Request.Cookies[Cookie], context.RequestAborted) is not { } seen) return Document(context, CodeLinkStep.Gone);
        await numbers.AskPairingCodeAsync(seen.View.NumberId, CancellationToken.None);
        NoStore(context);
        return Results.LocalRedirect(Root);
    }

    private static RazorComponentResult<CodeLinkDocument> Document(
        HttpContext context, CodeLinkStep step, CodeView? code = null, NumberDetails? details = null, DateTime? endsAt = null)
    {
        NoStore(context);
        return new RazorComponentResult<CodeLinkDocument>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(CodeLinkDocument.Step)] = step, [nameof(CodeLinkDocument.Code)] = code, [nameof(CodeLinkDocument.Details)] = details, [nameof(CodeLinkDocument.EndsAt)] = endsAt,
        })
        {
            StatusCode = step == CodeLinkStep.Gone ? StatusCodes.Status404NotFound : StatusCodes.Status200OK,
        };
    }

    private static void NoStore(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        // The first page's address is the key to the second.
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
    }
}

/// <summary>How far somebody is with a link.</summary>
public enum CodeLinkStep
{
    /// <summary>Nobody pressed the button in this browser.</summary>
    Unopened,
    Open,

    /// <summary>Used, revoked, too old or unknown; which of them is nobody's business.</summary>
    Gone,
}
