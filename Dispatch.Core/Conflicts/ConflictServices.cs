using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.Conflicts;

public static class ConflictServices
{
    internal static IServiceCollection AddDispatchConflicts(this IServiceCollection services) => services.AddSingleton<ConflictResolutionService>();
}
