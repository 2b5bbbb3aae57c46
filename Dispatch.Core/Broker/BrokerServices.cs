using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Broker;

public static class BrokerServices
{
    /// <summary>
    /// The bus to the workers: RabbitMQ when <c>Broker:Uri</c> is set, else inside the process. Needs data and data protection. Whoever knows the workers
    /// registers <see cref="IWorkerDirectory"/>, whoever knows the numbers <see cref="IWorkerAnswerHandler"/>.
    /// </summary>
    public static IServiceCollection AddDispatchBroker(this IServiceCollection services, IConfiguration? configuration = null)
    {
        if (configuration is not null) services.Configure<BrokerOptions>(configuration.GetSection(BrokerOptions.Section));
        services.TryAddSingleton<AlertStore>();
        services.TryAddSingleton<Leases>();
        services.TryAddSingleton<IWorkerDirectory, NoWorkers>();
        services.TryAddSingleton<IWorkerAnswerHandler, NoHandler>();
        services.AddSingleton<BrokerState>();
        services.AddSingleton<InProcessBus>();
        services.AddSingleton<Rabbit.RabbitBus>();
        services.AddSingleton<IWorkerBus>(s => s.GetRequiredService<IOptions<BrokerOptions>>().Value.Uri is null ? s.GetRequiredService<InProcessBus>() : s.GetRequiredService<Rabbit.RabbitBus>());
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<WorkerOutbox>();
        services.AddSingleton<DeadLetterBodies>();
        services.AddSingleton<DeadLetterStore>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<AnswerReceiver>();
        services.AddSingleton<OutboxRelay>();
        services.AddSingleton<BrokerWatch>();
        services.AddSingleton<BrokerConnection>();
        services.AddHostedService(s => s.GetRequiredService<BrokerConnection>());
        services.AddHostedService(s => s.GetRequiredService<OutboxRelay>());
        services.AddHostedService(s => s.GetRequiredService<BrokerWatch>());
        return services;
    }

    /// <summary>Every hand-written statement here, so that a test can read them all.</summary>
    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
        RelayStatements.All(dialect).Concat(WorkerOutbox.Statements(dialect)).Concat(AnswerReceiver.Statements(dialect)).Concat(DeadLetters.Statements);

    /// <summary>A Dispatch in which nobody registered workers has none.</summary>
    private sealed class NoWorkers : IWorkerDirectory
    {
        public Task<IReadOnlyList<WorkerRoute>> ListAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<WorkerRoute>>([]);

        public Task<bool> IsPairingAsync(string workerId, CancellationToken cancel) => Task.FromResult(false);
    }

    private sealed class NoHandler : IWorkerAnswerHandler
    {
        public Task HandleAsync(WriteSession session, WorkerAnswer answer, DateTime now) => throw new NotSupportedException("Nobody handles answers of workers.");
    }
}

/// <summary>Keeps the bus running as long as the host does.</summary>
public sealed partial class BrokerConnection(IWorkerBus bus, AnswerReceiver receiver, TimeProvider clock, ILogger<BrokerConnection> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await bus.RunAsync(receiver, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogEnded(e);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The bus ended; starting it again in a second")]
    private partial void LogEnded(Exception exception);
}
