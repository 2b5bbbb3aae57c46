using Dispatch.Web.Locks;
using Dispatch.Web.Moderators;
using Dispatch.Web.Queue;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Dispatch.Web.Conversations;

internal static class ConsoleServices
{
    /// <summary>The inbox, the queue and the board, and the presence that an open page gives a moderator.</summary>
    public static void AddDispatchConsole(this IServiceCollection services)
    {
        services.AddScoped<Sentences>();
        services.AddScoped<QueueWords>();
        services.AddScoped<LockSentences>();
        services.AddScoped<RotationSentences>();
        services.AddScoped<CircuitHandler, ModeratorCircuit>();
    }
}
