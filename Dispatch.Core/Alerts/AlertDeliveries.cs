using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Alerts;

/// <summary>Wakes the loop that posts alerts.</summary>
public sealed class DeliverySignal : WakeSignal;

/// <summary>
/// Posts what <see cref="AlertDelivery"/> holds, on every node: a row is claimed for a while before it is posted, so two nodes do not post it; the news of one alert leave in their order. A node
/// that dies in the middle lets the claim lapse and the post leaves again under the same id.
/// </summary>
public sealed partial class AlertDeliveries(
    Database database, AlertPost post, DeliverySignal signal, IOptions<AlertOptions> options, IOptions<NodeOptions> node, TimeProvider clock, ILogger<AlertDeliveries> logger)
    : HostedLoop(clock, logger, signal)
{
    private const int PerPass = 50;
    private readonly ILogger _logger = logger;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), Margin = TimeSpan.FromSeconds(2), GiveUpAfter = TimeSpan.FromDays(1), Kept = TimeSpan.FromDays(30);
    private static readonly int[] BackOff = [2, 5, 15, 60, 300, 900];
    private DateTime _trimAt;

    /// <summary>Posts everything that is due; returns how many rows this call had in hand.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        List<long> due;
        await using (var db = database.Read())
        {
            var open = db.AlertDeliveries.Where(d => d.Status == DeliveryStatus.Queued || d.Status == DeliveryStatus.Sending);
            due = await open.Where(d => (d.Status == DeliveryStatus.Queued ? d.DueAt <= now : d.ClaimedUntil <= now) && !open.Any(e => e.AlertId == d.AlertId && e.Id < d.Id))
                .OrderBy(d => d.Id).Take(PerPass).Select(d => d.Id).ToListAsync(cancel);
        }
        var done = 0;
        foreach (var id in due)
        {
            done++;
            // A receiver that is away would hold up this pass for one time-out after the other.
            if (!await DeliverAsync(id, cancel)) break;
        }
        return done;
    }

    /// <summary>False: the receiver did not take it.</summary>
    private async Task<bool> DeliverAsync(long id, CancellationToken cancel)
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        var claim = string.Create(CultureInfo.InvariantCulture, $"{node.Value.Name}:{Guid.NewGuid():N}");
        // A little longer than a post may take: whoever claims after that finds it over.
        var until = now + options.Value.WebhookTimeout + Margin;
        var taken = await database.WriteAsync(async session =>
        {
            if (await session.Db.AlertDeliveries.Where(d => d.Id == id && (d.Status == DeliveryStatus.Queued ? d.DueAt <= now : d.Status == DeliveryStatus.Sending && d.ClaimedUntil <= now))
                    .ExecuteUpdateAsync(set => set.SetProperty(d => d.Status, DeliveryStatus.Sending).SetProperty(d => d.Claim, claim).SetProperty(d => d.ClaimedUntil, until)
                        .SetProperty(d => d.Attempts, d => d.Attempts + 1)) == 0) return null;
            return await session.Db.AlertDeliveries.AsNoTracking().FirstAsync(d => d.Id == id);
        }, cancel);
        if (taken is null) return true;
        var problem = await post.SendAsync(id.ToString(CultureInfo.InvariantCulture), taken.Body, CancellationToken.None);
        var finished = Clock.GetUtcNow().UtcDateTime;
        var status = problem is null ? DeliveryStatus.Sent : finished - taken.CreatedAt >= GiveUpAfter ? DeliveryStatus.GivenUp : DeliveryStatus.Queued;
        AlertMetrics.OnPosted(problem is null ? "sent" : status == DeliveryStatus.GivenUp ? "givenup" : "failed");
        if (problem is not null) LogNotPosted(id, problem, taken.Attempts);
        var next = finished + TimeSpan.FromSeconds(BackOff[Math.Min(taken.Attempts - 1, BackOff.Length - 1)]);
        DateTime? end = status == DeliveryStatus.Queued ? null : finished;
        await database.WriteAsync(session => session.Db.AlertDeliveries.Where(d => d.Id == id && d.Claim == claim).ExecuteUpdateAsync(set => set
            .SetProperty(d => d.Status, status).SetProperty(d => d.DueAt, next).SetProperty(d => d.FinishedAt, end).SetProperty(d => d.Error, problem)
            .SetProperty(d => d.Claim, (string?)null).SetProperty(d => d.ClaimedUntil, (DateTime?)null)), CancellationToken.None);
        return problem is null;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        if (!post.IsOn) return TimeSpan.FromMinutes(1);
        while (await RunOnceAsync(Clock.GetUtcNow().UtcDateTime, stop) >= PerPass)
        {
            // more is waiting
        }
        if (now >= _trimAt)
        {
            var before = now - Kept;
            await database.WriteAsync(session => session.Db.AlertDeliveries.Where(d => d.CreatedAt < before && d.FinishedAt != null).OrderBy(d => d.CreatedAt).Take(1000).ExecuteDeleteAsync(), stop);
            _trimAt = now + TimeSpan.FromHours(1);
        }
        return Interval;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert delivery {DeliveryId} was not taken by its receiver: {Problem} (attempt {Attempt})")]
    private partial void LogNotPosted(long deliveryId, string problem, int attempt);
}
