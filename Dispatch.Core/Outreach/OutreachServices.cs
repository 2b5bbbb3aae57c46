using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

public static class OutreachServices
{
    /// <summary>Accounts, prospects, their actions and the four jobs of seed 004. Needs data, conversations and gateways.</summary>
    public static IServiceCollection AddDispatchOutreach(this IServiceCollection services, IConfiguration configuration, bool demo = false)
    {
        services.Configure<OutreachOptions>(configuration.GetSection(OutreachOptions.Section));
        services.Configure<ComposerOptions>(configuration.GetSection(ComposerOptions.Section));
        services.AddDispatchOutreach();
        if (demo) services.AddHostedService<DemoOutreach>();
        if (!configuration.GetValue(OutreachOptions.Section + ":Enabled", true)) return services;
        services.AddHostedService(s => s.GetRequiredService<OutreachNode>());
        services.AddHostedService(s => s.GetRequiredService<ReplyJob>());
        services.AddHostedService(s => s.GetRequiredService<ConnectionJob>());
        services.AddHostedService(s => s.GetRequiredService<FollowupJob>());
        services.AddHostedService(s => s.GetRequiredService<ActionQueueJob>());
        services.AddHostedService(s => s.GetRequiredService<DoubtJob>());
        return services;
    }

    /// <summary>The services alone, with the standard settings; whoever needs them runs the jobs.</summary>
    public static IServiceCollection AddDispatchOutreach(this IServiceCollection services)
    {
        services.AddHttpClient(ComposerEndpoint.ClientName, ComposerEndpoint.Configure)
            // A redirect would carry the key to another host.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
            .RemoveAllLoggers();
        services.AddSingleton<OutreachSignal>();
        services.AddSingleton<ActionThread>();
        services.AddSingleton<ActionsInHand>();
        services.AddSingleton(s => new OutreachNode(
            s.GetRequiredService<Database>(), s.GetRequiredService<Leases>(), s.GetRequiredService<ActionsInHand>(), s.GetRequiredService<ActionThread>(), s.GetRequiredService<IOptions<NodeOptions>>(),
            s.GetRequiredService<IOptions<OutreachOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<OutreachNode>>()));
        services.AddSingleton<ConnectionSignal>();
        services.AddSingleton<AccountNews>();
        services.AddSingleton<OutreachTemplates>();
        services.AddSingleton<SequencePlans>();
        services.AddSingleton<ComposerEndpoint>();
        services.AddSingleton<MessageComposer>();
        services.AddSingleton<IInboundFollower, ProspectStore>();
        services.AddSingleton<ActionPlanner>();
        services.AddSingleton<SendPath>();
        services.AddSingleton(s => new Actions(
            s.GetRequiredService<Database>(), s.GetRequiredService<ActionPlanner>(), s.GetRequiredService<SendPath>(), s.GetRequiredService<OutreachNode>(),
            s.GetRequiredService<OutreachSignal>(), s.GetRequiredService<ActionThread>(), s.GetRequiredService<SequencePlans>(), s.GetServices<IMessageLookup>(), s.GetServices<IInvitationGateway>(), s.GetRequiredService<IOptions<OutreachOptions>>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ActionQueueJob(
            s.GetRequiredService<Database>(), s.GetRequiredService<SendPath>(), s.GetRequiredService<OutreachNode>(),
            s.GetRequiredService<OutreachSignal>(), s.GetRequiredService<IOptions<OutreachOptions>>(), s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ActionQueueJob>>()));
        services.AddSingleton<DoubtJob>();
        services.AddSingleton<AccountService>();
        services.AddSingleton<ProspectService>();
        services.AddSingleton<FollowupJob>();
        services.AddSingleton<ConnectionJob>();
        services.AddSingleton<ReplyJob>();
        services.AddSingleton<OutreachQueries>();
        services.AddSingleton<SequenceQueries>();
        services.AddSingleton<ProspectImport>();
        services.AddSingleton<ActionBulk>();
        return services;
    }
}
