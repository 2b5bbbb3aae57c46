using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>Prospects, sequences and the log.</summary>
public sealed partial class OutreachQueries
{
    public async Task<ProspectPage> ProspectsAsync(ProspectSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.Prospects.AsQueryable();
        if (search.Stage is { } stage) found = found.Where(p => p.Stage == stage);
        if (search.AccountId is { } account) found = found.Where(p => p.AccountId == account);
        if (search.Sequence is { } sequence) found = found.Where(p => p.Sequence == sequence);
        if (search.Step is { } step) found = found.Where(p => p.Step == step && (search.Stage != null || p.Stage != ProspectStage.Stopped));
        if (!string.IsNullOrWhiteSpace(search.Search))
        {
            var people = People(db, search.Search);
            found = found.Where(p => people.Contains(p.Id));
        }
        var total = await found.CountAsync(cancel);
        var sorted = (search.Sort, search.Descending) switch
        {
            (ProspectSort.CreatedAt, false) => found.OrderBy(p => p.Id),
            (ProspectSort.CreatedAt, true) => found.OrderByDescending(p => p.Id),
            (ProspectSort.Name, false) => found.OrderBy(p => p.Name).ThenBy(p => p.Id),
            (ProspectSort.Name, true) => found.OrderByDescending(p => p.Name).ThenByDescending(p => p.Id),
            (ProspectSort.LastInboundAt, false) => found.OrderBy(p => p.LastInboundAt).ThenBy(p => p.Id),
            (ProspectSort.LastInboundAt, true) => found.OrderByDescending(p => p.LastInboundAt).ThenByDescending(p => p.Id),
            (ProspectSort.LastOutboundAt, false) => found.OrderBy(p => p.LastOutboundAt).ThenBy(p => p.Id),
            (ProspectSort.LastOutboundAt, true) => found.OrderByDescending(p => p.LastOutboundAt).ThenByDescending(p => p.Id),
        };
        return new ProspectPage(await ProspectRowsAsync(db, sorted.Skip(search.Skip).Take(search.Take), cancel), total);
    }

    /// <summary>Null: there is none.</summary>
    public async Task<ProspectRow?> ProspectAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return (await ProspectRowsAsync(db, db.Prospects.Where(p => p.Id == id), cancel)).FirstOrDefault();
    }

    /// <summary>How many prospects stand at each step of each sequence.</summary>
    public async Task<IReadOnlyList<StepCount>> StepsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Prospects.Where(p => p.Sequence != null && p.Stage != ProspectStage.Stopped).GroupBy(p => new { p.Sequence, p.Step })
            .Select(g => new { g.Key.Sequence, g.Key.Step, Count = g.Count() }).ToListAsync(cancel);
        return [.. rows.OrderBy(r => r.Sequence).ThenBy(r => r.Step).Select(r => new StepCount(r.Sequence!.Value, r.Step, r.Count))];
    }

    /// <summary>What was executed, the newest first.</summary>
    public async Task<LogPage> LogAsync(LogSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.ActionLogs.AsQueryable();
        if (search.Status is { } status) found = found.Where(l => l.Status == status);
        if (search.AccountId is { } account) found = found.Where(l => l.AccountId == account);
        if (search.ProspectId is { } prospect) found = found.Where(l => l.ProspectId == prospect);
        if (!string.IsNullOrEmpty(search.Action)) found = found.Where(l => l.Action == search.Action);
        if (search.From is { } from) found = found.Where(l => l.At >= from);
        if (search.To is { } to) found = found.Where(l => l.At < to);
        if (!string.IsNullOrWhiteSpace(search.Search))
        {
            var people = People(db, search.Search);
            var text = search.Search.Trim();
            found = found.Where(l => people.Contains(l.ProspectId) || l.ProviderMessageId == text);
        }
        var total = await found.CountAsync(cancel);
        var items = await (from l in found.OrderByDescending(l => l.At).ThenByDescending(l => l.Id).Skip(search.Skip).Take(search.Take)
                           join a in db.Accounts on l.AccountId equals a.Id
                           join p in db.Prospects on l.ProspectId equals p.Id
                           orderby l.At descending, l.Id descending
                           select new LogRow(l.Id, l.ActionId, l.Action, l.Status, l.At, l.AccountId, a.Name, l.ProspectId, p.Name, l.Attempt, l.ProviderMessageId, l.Error)).ToListAsync(cancel);
        return new LogPage(items, total);
    }

    private static async Task<List<ProspectRow>> ProspectRowsAsync(Data.DispatchDb db, IQueryable<Prospect> page, CancellationToken cancel)
    {
        var rows = await (from p in page
                          join a in db.Accounts on p.AccountId equals a.Id
                          select new
                          {
                              Prospect = p, Account = a.Name,
                              Next = db.OutreachActions.Where(x => x.ProspectId == p.Id && x.Status == ActionStatus.Pending).OrderBy(x => x.Id).Select(x => new { x.Kind, x.DueAt }).FirstOrDefault(),
                          }).ToListAsync(cancel);
        return rows.ConvertAll(r => new ProspectRow(
            r.Prospect.Id, r.Prospect.Name, r.Prospect.Address, r.Prospect.Company, r.Prospect.Language, r.Prospect.AccountId, r.Account, r.Prospect.Stage, r.Prospect.Automatic,
            r.Prospect.Sequence, r.Prospect.Step, r.Prospect.ContactedAt, r.Prospect.LastInboundAt, r.Prospect.LastOutboundAt, r.Prospect.StopReason, r.Prospect.CreatedAt, r.Next?.Kind,
            r.Next?.DueAt, r.Prospect.Draft is not null));
    }
}
