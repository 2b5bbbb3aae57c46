using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Numbers;

/// <summary>Carries what workers received to the door everybody uses, in order per number, and forgets it when it is committed there.</summary>
public sealed partial class WorkerInboundLoop(Database database, DispatcherOrchestrator orchestrator, InboundWake wake, TimeProvider clock, ILogger<WorkerInboundLoop> logger)
    : HostedLoop(clock, logger, wake)
{
    private static readonly TimeSpan Sleep = TimeSpan.FromSeconds(1);
    private const int PerPass = 200;

    /// <summary>Returns how many rows were carried.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancel = default)
    {
        var carried = 0;
        for (;;)
        {
            List<WorkerInbound> rows;
            Dictionary<long, (long Channel, long Profile)> ways;
            await using (var db = database.Read())
            {
                rows = await db.WorkerInbound.OrderBy(r => r.Id).Take(PerPass).ToListAsync(cancel);
                if (rows.Count == 0) return carried;
                var numbers = rows.Select(r => r.NumberId).Distinct().ToList();
                ways = await (from n in db.Numbers
                              join p in db.Profiles on n.ChannelId equals p.ChannelId
                              where numbers.Contains(n.Id)
                              select new { n.Id, p.ChannelId, ProfileId = p.Id }).ToDictionaryAsync(x => x.Id, x => (x.ChannelId, x.ProfileId), cancel);
            }
            foreach (var number in rows.GroupBy(r => r.NumberId))
            {
                if (!ways.TryGetValue(number.Key, out var way))
                {
                    // Never connected, so it has no channel; a worker that says so all the same is mistaken.
                    LogNowhere(number.Key, number.Count());
                    continue;
                }
                var batches = number.Select(r => JsonSerializer.Deserialize<CarriedBatch>(r.Batch)!).ToList();
                await orchestrator.HandleIncomingMessageAsync(
                    new InboundBatch(way.Channel, way.Profile, [.. batches.SelectMany(b => b.Messages)], [.. batches.SelectMany(b => b.Statuses)]), cancel);
            }
            var ids = rows.ConvertAll(r => r.Id);
            await database.WriteAsync(session => session.Db.WorkerInbound.Where(r => ids.Contains(r.Id)).ExecuteDeleteAsync(), cancel);
            carried += rows.Count;
            if (rows.Count < PerPass) return carried;
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(stop);
        return Sleep;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Number {NumberId} has no channel; {Count} batches of messages have nowhere to go")]
    private partial void LogNowhere(long numberId, int count);
}
