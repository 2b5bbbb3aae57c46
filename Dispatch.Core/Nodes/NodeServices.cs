using Dispatch.Core.Broker;
using Dispatch.Core.Broker.Rabbit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Nodes;

public static class NodeServices
{
    /// <summary>This process as one of several: its sign of life, and change signals to the others where there can be any.</summary>
    public static IServiceCollection AddDispatchNodes(this IServiceCollection services)
    {
        services.AddSingleton<NodeSelf>();
        services.AddSingleton<NodeHeartbeat>();
        services.AddHostedService(s => s.GetRequiredService<NodeHeartbeat>());
        services.AddSingleton<IHostedService>(s => Relay(s) ?? (IHostedService)new Alone());
        return services;
    }

    /// <summary>A SQLite file has one process. Several on SQL Server without a broker have no wire: their pages look by themselves.</summary>
    private static LiveRelay? Relay(IServiceProvider services)
    {
        var provider = services.GetRequiredService<IOptions<DatabaseOptions>>().Value.Provider;
        if (provider == DatabaseProvider.Sqlite) return null;
        ILiveWire? wire = services.GetRequiredService<IOptions<BrokerOptions>>().Value.Uri is not null ? ActivatorUtilities.CreateInstance<RabbitLiveWire>(services)
            : provider == DatabaseProvider.PostgreSql ? ActivatorUtilities.CreateInstance<PostgresWire>(services)
            : null;
        if (wire is not null) return ActivatorUtilities.CreateInstance<LiveRelay>(services, wire);
        services.GetRequiredService<LiveHub>().PollEvery = LiveRelay.PollEvery;
        return null;
    }

    private sealed class Alone : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
