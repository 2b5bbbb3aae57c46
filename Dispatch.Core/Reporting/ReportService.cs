using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Core.Outreach;
using Dispatch.Core.Overview;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Reporting;

/// <summary>A report as the list shows it.</summary>
public sealed record ReportHead(long Id, ReportKind Kind, DateOnly First, DateTime CreatedAt);

public sealed record Report(ReportHead Head, ReportBody Body);

/// <summary>Makes each report once, from the counts, tells it to who should know, and keeps it.</summary>
public sealed class ReportService(Database database, MatchingFrames frames, ConversationQueries conversations, NumberQueries numbers, ReportTelling telling)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Makes every report that is due and not there; returns how many this node made.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var made = 0;
        foreach (var kind in Enum.GetValues<ReportKind>())
        {
            var due = ReportRules.Due(kind, now, frames.Zone);
            var (oldest, newest) = (Number(due[0]), Number(due[^1]));
            HashSet<int> known;
            await using (var db = database.Read())
            {
                known = [.. await db.Reports.Where(r => r.Kind == kind && r.FirstDay >= oldest && r.FirstDay <= newest).Select(r => r.FirstDay).ToListAsync(cancel)];
            }
            foreach (var first in due.Where(d => !known.Contains(Number(d))))
            {
                if (await MakeAsync(kind, first, isNews: first == due[^1], now, cancel)) made++;
            }
        }
        return made;
    }

    /// <summary>False: nothing happened in those days, or another node was first.</summary>
    /// <param name="isNews">Those of earlier days are made up for after a pause, and nobody's phone has to ring for them.</param>
    private async Task<bool> MakeAsync(ReportKind kind, DateOnly first, bool isNews, DateTime now, CancellationToken cancel)
    {
        var (from, to) = ReportRules.Frame(kind, first, frames.Zone);
        var rows = await RowsAsync(from, to, cancel);
        var (sent, failed) = await OutreachAsync(from, to, cancel);
        var counts = await numbers.CountsAsync(cancel);
        var lost = counts.Where(c => OverviewRules.IsLost(c.State)).Sum(c => c.Count);
        var figures = ReportRules.Figures(
            rows, sent, failed, (await conversations.WaitingCountsAsync(cancel)).Waiting, counts.Where(c => c.State == NumberState.Connected).Sum(c => c.Count), lost);
        if (figures.IsEmpty) return false;
        var (earlierFrom, earlierTo) = ReportRules.Frame(kind, first.AddDays(-7), frames.Zone);
        var (sentBefore, failedBefore) = await OutreachAsync(earlierFrom, earlierTo, cancel);
        var before = ReportRules.Figures(await RowsAsync(earlierFrom, earlierTo, cancel), sentBefore, failedBefore);
        var body = new ReportBody(figures, before.IsEmpty ? null : before, ReportRules.People(rows, await NamesAsync(cancel)));
        var text = JsonSerializer.Serialize(body, Json);
        var report = new Report(new ReportHead(0, kind, first, now), body);
        var news = await telling.PrepareAsync(report, isNews, cancel);
        try
        {
            await database.WriteAsync(async session =>
            {
                var row = new StoredReport { Kind = kind, FirstDay = Number(first), CreatedAt = now, Body = text };
                session.Db.Reports.Add(row);
                await session.Db.SaveChangesAsync();
                session.Db.ChangeTracker.Clear();
                if (news is not null) await telling.TellAsync(session, report with { Head = report.Head with { Id = row.Id } }, news, now);
            }, cancel);
            return true;
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return false;
        }
    }

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<ReportHead>> ListAsync(ReportKind kind, int take = 60, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Reports.Where(r => r.Kind == kind).OrderByDescending(r => r.FirstDay).Take(take).Select(r => new { r.Id, r.Kind, r.FirstDay, r.CreatedAt }).ToListAsync(cancel);
        return rows.ConvertAll(r => new ReportHead(r.Id, r.Kind, Day(r.FirstDay), r.CreatedAt));
    }

    /// <summary>Null: there is none.</summary>
    public async Task<Report?> FindAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Reports.FirstOrDefaultAsync(r => r.Id == id, cancel) is { } row
            ? new Report(new ReportHead(row.Id, row.Kind, Day(row.FirstDay), row.CreatedAt), JsonSerializer.Deserialize<ReportBody>(row.Body, Json)!) : null;
    }

    private async Task<List<Rollup>> RowsAsync(DateTime from, DateTime to, CancellationToken cancel)
    {
        await using var db = database.Read();
        var rows = new List<Rollup>();
        foreach (var series in Enum.GetValues<RollupSeries>()) rows.AddRange(await db.Rollups.Where(r => r.Series == series && r.Grain == RollupGrain.Day && r.At >= from && r.At < to).ToListAsync(cancel));
        return rows;
    }

    /// <summary>ix_action_logs_at: as many rows as were sent in these days.</summary>
    private async Task<(long Sent, long Failed)> OutreachAsync(DateTime from, DateTime to, CancellationToken cancel)
    {
        await using var db = database.Read();
        var counts = await db.ActionLogs.Where(l => l.At >= from && l.At < to).GroupBy(l => l.Status).Select(g => new { g.Key, Count = g.LongCount() }).ToListAsync(cancel);
        return (counts.Where(c => c.Key == ActionStatus.Success).Sum(c => c.Count), counts.Where(c => c.Key is ActionStatus.Failed or ActionStatus.Uncertain).Sum(c => c.Count));
    }

    private async Task<Dictionary<long, string>> NamesAsync(CancellationToken cancel)
    {
        await using var db = database.Read();
        return await db.Moderators.ToDictionaryAsync(m => m.Id, m => m.Name, cancel);
    }

    private static int Number(DateOnly day) => (day.Year * 10_000) + (day.Month * 100) + day.Day;

    private static DateOnly Day(int number) => DateOnly.ParseExact(number.ToString(CultureInfo.InvariantCulture), "yyyyMMdd", CultureInfo.InvariantCulture);
}
