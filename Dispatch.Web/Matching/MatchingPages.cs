namespace Dispatch.Web.Matching;

internal static class MatchingPages
{
    /// <summary>The booking desk, the matchings, the drivers and the figures.</summary>
    public static void AddDispatchMatchingPages(this IServiceCollection services)
    {
        services.AddScoped<BookingWords>();
        services.AddScoped<FigureWords>();
        services.Configure<RequestLocalizationOptions>(options => options.RequestCultureProviders.Insert(0, new OfferLanguage()));
    }
}
