using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.Ops;

public static class OpsServices
{
    /// <summary>The look at everything. Needs data and the capabilities whose figures it reads.</summary>
    public static IServiceCollection AddDispatchOps(this IServiceCollection services)
    {
        services.AddSingleton<OpsQueries>();
        services.AddSingleton<OpsSampler>();
        services.AddHostedService(s => s.GetRequiredService<OpsSampler>());
        services.AddSingleton<CapabilitySampler>();
        services.AddHostedService(s => s.GetRequiredService<CapabilitySampler>());
        return services;
    }
}
