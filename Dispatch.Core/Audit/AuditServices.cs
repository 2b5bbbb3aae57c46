using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.Audit;

public static class AuditServices
{
    /// <summary>What reads the trails; writing them needs nothing but a transaction.</summary>
    public static IServiceCollection AddDispatchAudit(this IServiceCollection services) => services.AddSingleton<AuditQueries>();
}
