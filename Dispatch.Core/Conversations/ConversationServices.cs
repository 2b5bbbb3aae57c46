using Dispatch.Core.Conflicts;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Conversations;

public static class ConversationServices
{
    /// <summary>Conversations, presence, the queue and their loops. Needs <see cref="Data.DataServices.AddDispatchData"/>.</summary>
    public static IServiceCollection AddDispatchConversations(this IServiceCollection services)
    {
        services.AddDispatchLocks().AddDispatchConflicts().AddDispatchRotation();
        services.AddSingleton<ConversationClaims>();
        services.AddSingleton<PendingMessageService>();
        services.AddSingleton<PresenceService>();
        services.AddSingleton<RoundRobin>();
        services.AddSingleton<InboundIngest>();
        services.AddSingleton<InboundPipeline>();
        services.TryAddSingleton<GatewayWatch>();
        services.AddSingleton<OutboundSender>();
        services.AddSingleton<OwnMessages>();
        services.AddSingleton<PendingDrain>();
        services.AddSingleton<DispatcherOrchestrator>();
        services.AddSingleton<ConversationQueries>();
        services.AddSingleton<ModeratorQueries>();
        services.AddHostedService(s => s.GetRequiredService<InboundPipeline>());
        services.AddHostedService(s => s.GetRequiredService<OutboundSender>());
        services.AddHostedService(s => s.GetRequiredService<PendingDrain>());
        services.AddHostedService<PresenceLoop>();
        return services;
    }
}
