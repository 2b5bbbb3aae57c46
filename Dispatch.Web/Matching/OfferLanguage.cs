using Microsoft.AspNetCore.Localization;

namespace Dispatch.Web.Matching;

/// <summary>The language of the pages behind links (offers, codes): French, unless the phone asks for English before French. The cookie of the console does not count here.</summary>
internal sealed class OfferLanguage : RequestCultureProvider
{
    public override Task<ProviderCultureResult?> DetermineProviderCultureResult(HttpContext httpContext) =>
        Task.FromResult(IsBehindALink(httpContext.Request.Path) ? new ProviderCultureResult(Of(httpContext.Request)) : null);

    private static bool IsBehindALink(PathString path) =>
        path.StartsWithSegments(OfferEndpoints.Root, StringComparison.Ordinal) || path.StartsWithSegments(Numbers.CodeLinks.Root, StringComparison.Ordinal);

    private static string Of(HttpRequest request)
    {
        var wanted = request.GetTypedHeaders().AcceptLanguage.OrderByDescending(l => l.Quality ?? 1).Select(l => l.Value.ToString())
            .FirstOrDefault(l => Is(l, "fr") || Is(l, "en"));
        return wanted is not null && Is(wanted, "en") ? "en" : "fr";
    }

    private static bool Is(string language, string wanted) =>
        language.Equals(wanted, StringComparison.OrdinalIgnoreCase) || language.StartsWith(wanted + "-", StringComparison.OrdinalIgnoreCase);
}
