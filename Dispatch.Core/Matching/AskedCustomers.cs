using System.Collections.Frozen;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>
/// Whose next message is an answer. Asked about every message that comes in, and never waits: a message that waited here would be overtaken by the next one.
/// The loop of due times reads it anew at each look, so another node's question is known within a second, sooner than anybody types.
/// </summary>
public sealed class AskedCustomers(Database database, TimeoutSignal signal)
{
    private volatile FrozenSet<string> _phones = FrozenSet<string>.Empty;

    public FrozenSet<string> Phones => _phones;

    /// <summary>Somebody was asked: the loop looks at once.</summary>
    public void Invalidate() => signal.Wake();

    public async Task RefreshAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        _phones = (await db.Bookings.Where(b => b.Question != null).Select(b => b.CustomerPhone).ToListAsync(cancel)).ToFrozenSet(StringComparer.Ordinal);
    }
}
