using Dispatch.Core.Alerts;
using Dispatch.Core.Gateways;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Health;

public static class HealthServices
{
    /// <summary>The watch over this process, the rules of alerts and who is told. Needs data, conversations, matching, broker, outreach.</summary>
    public static IServiceCollection AddDispatchWatch(this IServiceCollection services, IConfiguration? configuration = null)
    {
        if (configuration is not null) services.Configure<AlertOptions>(configuration.GetSection(AlertOptions.Section));
        services.AddHttpClient(AlertPost.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            // A redirect would carry the signed body to another host; the loggers write addresses, and the webhook's may hold a secret.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
            .RemoveAllLoggers();
        services.TryAddSingleton<GatewayWatch>();
        services.TryAddSingleton<IAlertSentences, PlainAlertSentences>();
        services.AddSingleton<AlertThresholds>();
        services.AddSingleton<AlertFactsReader>();
        services.AddSingleton<DeliverySignal>();
        services.AddSingleton<AlertPost>();
        services.AddSingleton<AlertTelling>();
        services.AddSingleton<AlertDeliveries>();
        services.AddSingleton<AlertWatch>();
        services.AddSingleton<DatabaseProbe>();
        services.AddSingleton<NodeProblems>();
        services.AddSingleton<NodeRecorder>();
        services.AddSingleton<NodeWatch>();
        services.AddSingleton<HealthHistory>();
        services.AddHostedService(s => s.GetRequiredService<NodeWatch>());
        services.AddHostedService(s => s.GetRequiredService<AlertWatch>());
        services.AddHostedService(s => s.GetRequiredService<AlertDeliveries>());
        return services;
    }
}
