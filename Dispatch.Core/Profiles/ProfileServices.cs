using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Profiles;

public static class ProfileServices
{
    /// <summary>Exclusive profiles, the line for them, load, activity and the watch. Part of <see cref="Conversations.ConversationServices.AddDispatchConversations"/>.</summary>
    public static IServiceCollection AddDispatchRotation(this IServiceCollection services)
    {
        services.AddSingleton<Leases>();
        services.AddSingleton<SettingsService>();
        services.AddSingleton<ProfileClaims>();
        services.AddSingleton<ProfileConversations>();
        services.AddSingleton<ProfileRotation>();
        services.AddSingleton<ModeratorQueueService>();
        services.AddSingleton<ModeratorAssignmentService>();
        services.AddSingleton<ProfileQueries>();
        services.AddSingleton<LoadBalancingService>();
        services.AddSingleton<ModeratorActivityService>();
        services.AddSingleton<RotationMetrics>();
        services.TryAddSingleton<AlertStore>();
        services.AddSingleton<FindingStore>();
        services.AddSingleton<AssignmentChecks>();
        services.AddSingleton<ProfileAssignmentMonitoringTask>();
        services.AddHostedService(s => s.GetRequiredService<ProfileAssignmentMonitoringTask>());
        services.AddHostedService(s => s.GetRequiredService<ProfileRotation>());
        return services;
    }
}
