using Dispatch.Core.Ops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Overview;

public static class OverviewServices
{
    /// <summary>The counts of what happened, their loop and what the overview reads. Needs every capability whose figures it shows.</summary>
    public static IServiceCollection AddDispatchOverview(this IServiceCollection services)
    {
        services.TryAddSingleton<OpsQueries>();
        services.AddSingleton<RollupWriter>();
        services.AddSingleton<OverviewQueries>();
        services.AddSingleton<RollupLoop>();
        services.AddHostedService(s => s.GetRequiredService<RollupLoop>());
        return services;
    }
}
