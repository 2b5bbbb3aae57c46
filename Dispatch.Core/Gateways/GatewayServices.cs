using Dispatch.Core.Data;
using Dispatch.Core.Gateways.Meta;
using Dispatch.Core.Gateways.Simulation;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Gateways.Whapi;
using Dispatch.Core.Profiles;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways;

public static class GatewayServices
{
    /// <summary>
    /// Channels, profiles and the ways out. Needs data, conversations and data protection. In the demo also the simulator:
    /// its contacts come through the same door as everybody else's.
    /// </summary>
    public static IServiceCollection AddDispatchGateways(this IServiceCollection services, IConfiguration configuration, bool demo)
    {
        services.Configure<WhapiOptions>(configuration.GetSection(WhapiOptions.Section));
        services.Configure<WebhookOptions>(configuration.GetSection(WebhookOptions.Section));
        services.Configure<SimulatorOptions>(configuration.GetSection(SimulatorOptions.Section));
        services.AddSingleton<ChannelTokens>();
        services.AddSingleton<ChannelDirectory>();
        services.AddSingleton<ChannelService>();
        services.AddSingleton<ProfileService>();
        services.AddHttpClient(WhapiGateway.ClientName, (provider, client) =>
            {
                var options = provider.GetRequiredService<IOptions<WhapiOptions>>().Value;
                client.BaseAddress = options.BaseAddress.AbsoluteUri.EndsWith('/') ? options.BaseAddress : new Uri(options.BaseAddress.AbsoluteUri + "/");
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            // A redirect would carry the token to another host, or send the message twice.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
            // Its own loggers write addresses and, at Trace, headers: the token.
            .RemoveAllLoggers();
        services.AddSingleton<IMessageGateway, WhapiGateway>();
        services.AddSingleton<GatewayPace>();
        services.AddSingleton<GatewayContacts>();
        services.AddUnipile(configuration);
        services.AddMeta(configuration);
        services.AddSingleton<SimulatedWorld>();
        services.AddSingleton<SimulatedDrivers>();
        services.AddSingleton<IMessageGateway, SimulatorGateway>();
        if (demo) services.AddHostedService<Simulator>();
        return services;
    }

    private static void AddUnipile(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<UnipileOptions>(configuration.GetSection(UnipileOptions.Section));
        services.AddQuietClient(UnipileApi.ClientName);
        services.AddSingleton<UnipileApi>();
        services.AddSingleton<IMessageGateway>(s => new UnipileGateway(
            s.GetRequiredService<UnipileApi>(), s.GetRequiredService<GatewayContacts>(), s.GetRequiredService<ChannelTokens>(), s.GetRequiredService<GatewayPace>(),
            s.GetRequiredService<IOptions<UnipileOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<UnipileGateway>>()));
        services.AddSingleton<IMessageLookup>(s => new UnipileLookup(
            s.GetRequiredService<Database>(), s.GetRequiredService<UnipileApi>(), s.GetRequiredService<GatewayContacts>(), s.GetRequiredService<ChannelTokens>(),
            s.GetRequiredService<IOptions<UnipileOptions>>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IInvitationGateway>(s => s.GetRequiredService<UnipileInvitations>());
        services.AddSingleton(s => new UnipileInvitations(
            s.GetRequiredService<Database>(), s.GetRequiredService<UnipileApi>(), s.GetRequiredService<ChannelTokens>(), s.GetRequiredService<GatewayPace>(),
            s.GetRequiredService<IOptions<UnipileOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<UnipileInvitations>>()));
    }

    private static void AddMeta(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<MetaOptions>(configuration.GetSection(MetaOptions.Section));
        services.AddQuietClient(MetaGateway.ClientName);
        services.AddSingleton<IMessageGateway, MetaGateway>();
    }

    private static void AddQuietClient(this IServiceCollection services, string name) => services
        .AddHttpClient(name, client => client.Timeout = Timeout.InfiniteTimeSpan)
        // A redirect would carry the token to another host, or send the message twice; the loggers write addresses and, at Trace, headers: the token.
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
        .RemoveAllLoggers();
}
