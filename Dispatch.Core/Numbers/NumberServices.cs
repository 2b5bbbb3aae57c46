using Dispatch.Core.Broker;
using Dispatch.Core.Gateways;
using Dispatch.Core.Numbers.Simulation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Numbers;

public static class NumberServices
{
    /// <summary>Clients, numbers and workers. Needs data, conversations, gateways, alerts, the bus and data protection. In the demo also a simulated worker.</summary>
    public static IServiceCollection AddDispatchNumbers(this IServiceCollection services, IConfiguration configuration, bool demo)
    {
        services.Configure<NumberOptions>(configuration.GetSection(NumberOptions.Section));
        if (demo)
        {
            services.AddSingleton<SimulatedWorker>();
            services.AddHostedService(s => s.GetRequiredService<SimulatedWorker>());
        }
        return services.AddDispatchNumbers();
    }

    /// <summary>The same with the standard settings.</summary>
    public static IServiceCollection AddDispatchNumbers(this IServiceCollection services)
    {
        services.TryAddSingleton<ChannelDirectory>();
        services.AddSingleton<NumberWake>();
        services.AddSingleton<InboundWake>();
        services.AddSingleton<NumberSecrets>();
        services.AddSingleton<WorkerSilence>();
        services.AddSingleton<NumberChannels>();
        services.AddSingleton<NumberStore>();
        services.AddSingleton<NumberService>();
        services.AddSingleton<NumberQueries>();
        services.AddSingleton<NumberCodes>();
        services.AddSingleton<WorkerService>();
        services.AddSingleton<IWorkerDirectory>(s => s.GetRequiredService<WorkerService>());
        services.AddSingleton<WorkerPresence>();
        services.AddSingleton<WorkerMessages>();
        services.AddSingleton<NumberAnswers>();
        services.AddSingleton<IWorkerAnswerHandler>(s => s.GetRequiredService<NumberAnswers>());
        services.AddSingleton<IWorkerCommandFollower, NumberCommands>();
        services.AddSingleton<IMessageGateway, WorkerGateway>();
        services.AddSingleton<NumberDeadlines>();
        services.AddHostedService(s => s.GetRequiredService<NumberDeadlines>());
        services.AddSingleton<WorkerInboundLoop>();
        services.AddHostedService(s => s.GetRequiredService<WorkerInboundLoop>());
        return services;
    }
}
