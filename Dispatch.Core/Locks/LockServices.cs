using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.Locks;

public static class LockServices
{
    /// <summary>Locks and their loop. Part of <see cref="Conversations.ConversationServices.AddDispatchConversations"/>, because sending asks for them.</summary>
    internal static IServiceCollection AddDispatchLocks(this IServiceCollection services)
    {
        services.AddSingleton<ProfileLockService>();
        services.AddSingleton<LockLoop>();
        services.AddHostedService(s => s.GetRequiredService<LockLoop>());
        return services;
    }
}
