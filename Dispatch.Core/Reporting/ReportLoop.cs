using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Dispatch.Core.Overview;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Reporting;

/// <summary>Makes reports on one node (a lease); the unique row decides when two try at once. Waits while the counts are behind.</summary>
public sealed class ReportLoop(
    ReportService reports, OverviewQueries overview, Leases leases, IOptions<NodeOptions> node, TimeProvider clock, ILogger<ReportLoop> logger) : HostedLoop(clock, logger)
{
    internal const string LeaseName = "reports";
    private readonly LeasedTurn _turn = new(leases, LeaseName, node.Value.Name);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    protected override TimeSpan FirstAfter => LeasedTurn.Look;

    /// <summary>How many this node made.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        if (await _turn.HoldAsync(cancel) is not { } lease) return 0;
        // What was counted late would be missing for ever: a report is never made again.
        return await leases.UnderAsync(lease, async () => await overview.IsCountedAsync(now - ReportRules.After, cancel) ? await reports.RunOnceAsync(now, cancel) : 0, 0);
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (await _turn.IsDueAsync(now, Interval, stop)) await RunOnceAsync(now, stop);
        return _turn.Sleep(now);
    }
}

public static class ReportServices
{
    /// <summary>Daily and weekly reports. Needs the overview's counts, and the alerts.</summary>
    public static IServiceCollection AddDispatchReports(this IServiceCollection services, IConfiguration? configuration = null)
    {
        if (configuration is not null) services.Configure<ReportOptions>(configuration.GetSection(ReportOptions.Section));
        services.TryAddSingleton<IReportSentences, PlainReportSentences>();
        services.AddSingleton<ReportTelling>();
        services.AddSingleton<ReportService>();
        services.AddSingleton<ReportLoop>();
        services.AddHostedService(s => s.GetRequiredService<ReportLoop>());
        return services;
    }
}
