using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Retention;

/// <summary>Deletes old data on one node (a lease). Two at once would do no harm: what one deleted the other does not find.</summary>
public sealed class RetentionLoop(RetentionService retention, Leases leases, IOptions<NodeOptions> node, TimeProvider clock, ILogger<RetentionLoop> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "retention";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5), Breath = TimeSpan.FromMilliseconds(200);

    // Early enough to take over: with a minute of calm first, a lease was nobody's for as long when those who were left had just been started themselves.
    protected override TimeSpan FirstAfter => LeasedTurn.Look;

    /// <summary>One pass, if this node has the lease; true: there is more to delete at once.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        await _turn.HoldAsync(cancel) is { } lease && await leases.UnderAsync(lease, () => retention.RunOnceAsync(now, cancel), false);

    // People come first: between two passes the writer has time for everybody else.
    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (!await _turn.IsDueAsync(now, Interval, stop) || !await RunOnceAsync(now, stop)) return LeasedTurn.Look;
        _turn.Again();
        return Breath;
    }
}

public static class RetentionServices
{
    /// <summary>Old data goes after its days; a contact's data is exported and erased on request. Needs conversations, matching and outreach.</summary>
    public static IServiceCollection AddDispatchRetention(this IServiceCollection services)
    {
        services.AddSingleton<RetentionService>();
        services.AddSingleton<ContactData>();
        services.AddSingleton<RetentionLoop>();
        services.AddHostedService(s => s.GetRequiredService<RetentionLoop>());
        return services;
    }
}
