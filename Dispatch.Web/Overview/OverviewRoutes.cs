using Dispatch.Web.Account;

namespace Dispatch.Web.Overview;

internal static class OverviewRoutes
{
    public static void AddDispatchOverviewPages(this IServiceCollection services) => services.AddScoped<OverviewWords>();

    /// <summary>What the wall asks now and then: an open page makes no requests of its own, and without one the sign-in would run out.</summary>
    public static void MapDispatchOverview(this WebApplication app) =>
        app.MapGet("/overview/stay", () => Results.NoContent()).RequireAuthorization(Policies.AdminOrOps).ExcludeFromDescription();
}
