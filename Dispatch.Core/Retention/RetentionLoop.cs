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
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5), LeaseFor = TimeSpan.FromMinutes(2), Breath = TimeSpan.FromMilliseconds(200);

    protected override TimeSpan FirstAfter => TimeSpan.FromMinutes(1);

    /// <summary>One pass, if this node has the lease; true: there is more to delete at once.</summary>
    public async Task<bool> RunOnceAsync(DateTime now, CancellationToken cancel = default) =>
        await leases.TryAcquireAsync(LeaseName, node.Value.Name, LeaseFor, cancel) is not null && await retention.RunOnceAsync(now, cancel);

    // People come first: between two passes the writer has time for everybody else.
    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop) => await RunOnceAsync(now, stop) ? Breath : Interval;
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
