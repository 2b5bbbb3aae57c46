using Dispatch.Core.Alerts;
using Dispatch.Core.Gateways;
using Dispatch.Core.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.Matching;

public static class MatchingServices
{
    /// <summary>Bookings, drivers, their matching, and the messages and alerts it sends. Needs data, gateways and data protection.</summary>
    public static IServiceCollection AddDispatchMatching(this IServiceCollection services, IConfiguration configuration, bool demo)
    {
        services.Configure<MatchingSettings>(configuration.GetSection(MatchingSettings.Section));
        services.Configure<ServiceMessageOptions>(configuration.GetSection(ServiceMessageOptions.Section));
        if (demo) services.AddHostedService<DemoRides>();
        return services.AddDispatchMatching();
    }

    /// <summary>The same with the standard settings.</summary>
    public static IServiceCollection AddDispatchMatching(this IServiceCollection services)
    {
        services.TryAddSingleton<AlertStore>();
        services.AddSingleton<AdminAlertService>();
        services.AddSingleton<ServiceMessageSender>();
        services.AddSingleton<OfferTokens>();
        services.AddSingleton<TemplateService>();
        services.AddSingleton<MatchingFrames>();
        services.AddSingleton<OfferDelivery>();
        services.AddSingleton<IServiceMessageFollower>(s => s.GetRequiredService<OfferDelivery>());
        services.AddSingleton<DriverNotificationService>();
        services.AddSingleton<ClientNotificationService>();
        services.AddSingleton<TimeoutSignal>();
        services.AddSingleton<MatchingService>();
        services.AddSingleton<BookingService>();
        services.AddSingleton<OfferService>();
        services.AddSingleton<DriverService>();
        services.AddSingleton<MetricsService>();
        services.AddSingleton<BookingQueries>();
        services.AddSingleton<DriverQueries>();
        services.AddSingleton<BookingExport>();
        services.AddSingleton<TimeoutManager>();
        services.AddSingleton<AskedCustomers>();
        services.AddSingleton<MatchingAnswers>();
        services.AddSingleton<IInboundRoute>(s => s.GetRequiredService<MatchingAnswers>());
        services.AddSingleton<MatchingHealthService>();
        services.AddHostedService(s => s.GetRequiredService<ServiceMessageSender>());
        services.AddHostedService(s => s.GetRequiredService<TimeoutManager>());
        services.AddHostedService(s => s.GetRequiredService<MatchingHealthService>());
        return services;
    }
}
