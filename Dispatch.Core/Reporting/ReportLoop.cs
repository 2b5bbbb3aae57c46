using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Overview;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Reporting;

/// <summary>Makes reports on one node (a lease); the unique row decides when two try at once. Waits while the counts are behind.</summary>
public sealed class ReportLoop(
    ReportService reports, OverviewQueries overview, Leases leases, IOptions<NodeOptions> node, TimeProvider clock, ILogger<ReportLoop> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "reports";
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    protected override TimeSpan FirstAfter => TimeSpan.FromSeconds(30);

    /// <summary>How many this node made.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        if (await leases.TryAcquireAsync(LeaseName, node.Value.Name, 2 * Interval, cancel) is null) return 0;
        // What was counted late would be missing for ever: a report is never made again.
        return await overview.IsCountedAsync(now - ReportRules.After, cancel) ? await reports.RunOnceAsync(now, cancel) : 0;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }
}

public static class ReportServices
{
    /// <summary>Daily and weekly reports. Needs the overview's counts.</summary>
    public static IServiceCollection AddDispatchReports(this IServiceCollection services)
    {
        services.AddSingleton<ReportService>();
        services.AddSingleton<ReportLoop>();
        services.AddHostedService(s => s.GetRequiredService<ReportLoop>());
        return services;
    }
}
