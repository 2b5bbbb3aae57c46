using Dispatch.Core.Alerts;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

public sealed partial class OutreachQueries
{
    /// <summary>Accounts whose oldest due action nothing holds: it should have left, and did not. At most so many.</summary>
    public async Task<IReadOnlyList<LateFact>> LateAsync(int most, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        // The head of each account and type; whoever stands behind it waits for it.
        var heads = await db.OutreachActions.Where(a => a.Status == ActionStatus.Pending && a.DueAt <= now).GroupBy(a => new { a.AccountId, a.Type })
            .OrderBy(g => g.Key.AccountId).ThenBy(g => g.Key.Type).Select(g => g.OrderBy(a => a.DueAt).ThenBy(a => a.Id).Select(a => a.Id).First()).Take(most * 3).ToListAsync(cancel);
        if (heads.Count == 0) return [];
        return [.. (await RowsAsync(db, db.OutreachActions.Where(a => heads.Contains(a.Id)), cancel)).Where(r => r.WhyNotYet is null && r.DueAt <= now)
            .GroupBy(r => r.AccountId).Select(g => new LateFact(g.Key, g.Min(r => r.DueAt))).OrderBy(l => l.DueAt).Take(most)];
    }
}
