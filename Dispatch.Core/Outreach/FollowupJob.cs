using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Outreach;

/// <summary>A prospect whose next step is to be planned.</summary>
internal sealed record FollowupCandidate(Prospect Prospect, AccountFacts Account);

/// <summary>Seed 004 <c>followup.py</c>: looks at prospects and only ever creates planned actions (A1 to A3, B, C); nothing leaves from here.</summary>
public sealed partial class FollowupJob(
    Database database, OutreachSignal signal, SequencePlans sequences, TimeProvider clock, ILogger<FollowupJob> logger) : HostedLoop(clock, logger)
{
    private const int PerPass = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private readonly ILogger _logger = logger;

    /// <summary>Seed 004 <c>schedule_followup_actions</c>; returns how many were planned.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var options = await sequences.CurrentAsync(cancel);
        await NoticeAnswersAsync(options, now, cancel);
        var total = 0;
        for (;;)
        {
            var (planned, seen) = await database.WriteAsync(session => PlanAsync(session, options, now), cancel);
            total += planned;
            if (seen < PerPass) break;
        }
        if (total > 0) signal.Wake();
        return total;
    }

    /// <summary>Seed 004 <c>get_prospects_needing_followup</c>: one query by due time, past whoever another node looks at.</summary>
    internal static async Task<List<FollowupCandidate>> GetProspectsNeedingFollowup(WriteSession session, DateTime now)
    {
        var ids = await session.QueryAsync(NeedingText(session.Dialect), r => r.GetInt64(0), ("now", now));
        if (ids.Count == 0) return [];
        var prospects = await session.Db.Prospects.AsNoTracking().Where(p => ids.Contains(p.Id)).OrderBy(p => p.Id).ToListAsync();
        var accounts = await AccountReader.FindAsync(session.Db, [.. prospects.Select(p => p.AccountId).Distinct()]);
        return prospects.ConvertAll(p => new FollowupCandidate(p, accounts[p.AccountId]));
    }

    internal static IEnumerable<string> Statements(SqlDialect dialect) => [NeedingText(dialect)];

    private static string NeedingText(SqlDialect dialect) =>
        dialect.FirstFree(PerPass, "a.id", "prospects", "", "a.follow_up_at IS NOT NULL AND a.follow_up_at <= @now", "a.follow_up_at, a.id");

    private async Task<(int Planned, int Seen)> PlanAsync(WriteSession session, OutreachOptions options, DateTime now)
    {
        var candidates = await GetProspectsNeedingFollowup(session, now);
        var rows = new List<object?[]>();
        var later = new List<(long Id, long Epoch, DateTime At)>();
        foreach (var (prospect, account) in candidates)
        {
            if (FollowupRules.DetermineFollowupType(ProspectFacts.Of(prospect), options.Sequences) is not { } next) continue;
            // Looked at again because a sequence was changed: not planned before its time, or a later change could not move it.
            if (next.Earliest - options.PlanAhead is var look && look > now)
            {
                later.Add((prospect.Id, prospect.Epoch, look));
                continue;
            }
            var zone = prospect.TimeZone is { } own ? TimeZoneInfo.FindSystemTimeZoneById(own) : null;
            if (ScheduleRules.CalculateScheduledTime(next.Step, next.After, account.Times, zone, now) is not { } at)
            {
                LogNoHours(prospect.Id, account.Id);
                continue;
            }
            rows.Add(
            [
                account.Id, prospect.Id, next.Kind, ActionType.Followup, ActionStatus.Pending, Actions.FollowupKey(next.Kind, account.Id, prospect.Id, prospect.Epoch), prospect.Epoch, null, at,
                at, 0, 0L, null,
            ]);
        }
        if (candidates.Count == 0) return (0, 0);
        // What was planned before (by hand, or by a node whose answer was lost) stands.
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (keys, _) in RowSet.Json(session.Dialect, rows, r => [r[5]]))
            known.UnionWith(await session.QueryAsync(ActionSql.Of(session).KnownKeys, r => r.GetString(0), (RowSet.Parameter, keys)));
        rows.RemoveAll(r => known.Contains((string)r[5]!));
        var ids = candidates.ConvertAll(c => c.Prospect.Id);
        await session.Db.Prospects.Where(p => ids.Contains(p.Id)).ExecuteUpdateAsync(set => set.SetProperty(p => p.FollowUpAt, (DateTime?)null));
        foreach (var (id, epoch, at) in later)
            await session.Db.Prospects.Where(p => p.Id == id && p.Epoch == epoch).ExecuteUpdateAsync(set => set.SetProperty(p => p.FollowUpAt, at));
        foreach (var (json, _) in RowSet.Json(session.Dialect, rows, r => r)) await session.ExecuteAsync(ActionSql.Of(session).Plan, (RowSet.Parameter, json), ("now", now));
        if (rows.Count > 0) session.Publish(Topics.Outreach, EventNames.ActionChanged, 0);
        return (rows.Count, candidates.Count);
    }

    /// <summary>A moderator's answer in the conversation is an answer too: sequence B counts from it. Found here and not at each reply, which must stay cheap; B is days away.</summary>
    private async Task NoticeAnswersAsync(OutreachOptions options, DateTime now, CancellationToken cancel)
    {
        List<(Prospect Prospect, DateTime At)> answered;
        await using (var db = database.Read())
        {
            var rows = await (from p in db.Prospects
                              join contact in db.Contacts on p.Address equals contact.Address
                              join c in db.Conversations on contact.Id equals c.ContactId
                              where p.Stage == ProspectStage.Answered && p.FollowUpAt == null && (p.LastOutboundAt == null || p.LastOutboundAt < p.LastInboundAt)
                                  && c.LastMessageDirection == MessageDirection.Out && c.LastMessageAt > p.LastInboundAt
                              orderby p.Id
                              select new { Prospect = p, c.LastMessageAt }).Take(PerPass).ToListAsync(cancel);
            answered = rows.ConvertAll(r => (r.Prospect, r.LastMessageAt));
        }
        foreach (var batch in answered.Chunk(100))
        {
            await database.WriteAsync(async session =>
            {
                foreach (var (prospect, at) in batch)
                {
                    var contacted = prospect.ContactedAt ?? at;
                    var look = FollowupRules.NextLook(ProspectFacts.Of(prospect) with { LastOutboundAt = at, ContactedAt = contacted, Sequence = null, Step = 0 }, options);
                    await session.Db.Prospects.Where(p => p.Id == prospect.Id && p.Epoch == prospect.Epoch).ExecuteUpdateAsync(set => set
                        .SetProperty(p => p.LastOutboundAt, at).SetProperty(p => p.ContactedAt, contacted).SetProperty(p => p.FollowUpAt, look).SetProperty(p => p.ReplyDueAt, (DateTime?)null));
                }
            }, cancel);
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Prospect {ProspectId} has no step any more: the hours of account {AccountId} and of the step never meet")]
    private partial void LogNoHours(long prospectId, long accountId);
}
