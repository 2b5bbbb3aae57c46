using System.Collections.Frozen;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>
/// Whose next message is an answer. Asked about every message that comes in, so it is answered from memory; another node's question is known after
/// <see cref="KeptFor"/>, sooner than anybody types.
/// </summary>
public sealed class AskedCustomers(Database database, TimeProvider clock)
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(5);
    private volatile Snapshot? _snapshot;

    public ValueTask<FrozenSet<string>> PhonesAsync(CancellationToken cancel = default) =>
        _snapshot is { } known && clock.GetElapsedTime(known.ReadAt) < KeptFor ? ValueTask.FromResult(known.Phones) : LoadAsync(cancel);

    /// <summary>Somebody was asked, or has answered.</summary>
    public void Invalidate() => _snapshot = null;

    private async ValueTask<FrozenSet<string>> LoadAsync(CancellationToken cancel)
    {
        var readAt = clock.GetTimestamp();
        await using var db = database.Read();
        var phones = (await db.Bookings.Where(b => b.Question != null).Select(b => b.CustomerPhone).ToListAsync(cancel)).ToFrozenSet(StringComparer.Ordinal);
        _snapshot = new Snapshot(phones, readAt);
        return phones;
    }

    private sealed record Snapshot(FrozenSet<string> Phones, long ReadAt);
}
