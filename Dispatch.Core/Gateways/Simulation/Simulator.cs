using Dispatch.Core.Conversations;
using Dispatch.Core.Loops;
using Dispatch.Core.Profiles;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Simulation;

/// <summary>
/// The demo's outside world: makes three channels, one of them with a profile that one person holds at a time, then carries what its contacts do to <see cref="DispatcherOrchestrator"/>, the
/// door that the webhooks use too.
/// </summary>
public sealed class Simulator(
    SimulatedWorld world, SimulatedDrivers drivers, DispatcherOrchestrator orchestrator, ChannelDirectory directory, ChannelService channels, ProfileService profiles, IOptions<SimulatorOptions> options,
    TimeProvider clock, ILogger<Simulator> logger) : HostedLoop(clock, logger)
{
    public const string FirstChannel = "demo", SecondChannel = "demo-livraison", ExclusiveChannel = "demo-sav";
    private static readonly (string Key, string Profile, ProfileMode Mode)[] Demo =
        [(FirstChannel, "Boutique Sandaga", ProfileMode.Shared), (SecondChannel, "Dakar Livraison", ProfileMode.Shared), (ExclusiveChannel, "Service après-vente", ProfileMode.Exclusive)];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Nobody comes to a silent demo: a profile to hold would be one that nothing happens on.</summary>
    private IEnumerable<(string Key, string Profile, ProfileMode Mode)> Wanted => Demo.Where(d => d.Mode == ProfileMode.Shared || options.Value.Enabled);

    /// <summary>The channels are there before the first request is answered.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await SeedAsync(cancellationToken);
        world.Start([.. Wanted.Select(d => d.Key)], Clock.GetUtcNow().UtcDateTime);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Makes what is missing; an admin's changes to what exists stay.</summary>
    public async Task SeedAsync(CancellationToken cancel = default)
    {
        foreach (var (key, profile, mode) in Wanted)
        {
            await channels.CreateAsync(key, ChannelProvider.Simulator, cancel: cancel);
            await profiles.CreateAsync(profile, key, mode, cancel: cancel);
        }
    }

    /// <summary>Delivers what is due; returns how many messages and statuses.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        List<SimulatedDelivery> due = [.. world.TakeDue(now), .. drivers.TakeDue(now)];
        foreach (var channel in due.GroupBy(d => d.ChannelKey, StringComparer.Ordinal))
        {
            if (await directory.FindAsync(channel.Key, cancel) is not { ProfileId: { } profile } entry) continue;
            await orchestrator.HandleIncomingMessageAsync(
                new InboundBatch(
                    entry.Id, profile, [.. channel.Where(d => d.Message is not null).Select(d => d.Message!)],
                    [.. channel.Where(d => d.Status is not null).Select(d => d.Status!)]),
                cancel);
        }
        return due.Count;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }
}
