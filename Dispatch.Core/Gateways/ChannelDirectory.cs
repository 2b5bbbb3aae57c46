using System.Collections.Frozen;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Gateways;

/// <summary>What a webhook needs to know about a channel.</summary>
/// <param name="ProfileId">Null: no profile speaks on it yet, so there is nowhere to put a message.</param>
/// <param name="ProtectedToken">As <see cref="Channel.ProtectedToken"/>: what the caller has to know is in it.</param>
public sealed record ChannelEntry(long Id, string Key, ChannelProvider Provider, long? ProfileId, string? ProtectedToken = null);

/// <summary>
/// Channels by key, from memory: a webhook asks thousands of times a second and the answer changes a few times a year. Another node's change
/// is seen after <see cref="KeptFor"/>, one of this process at once.
/// </summary>
public sealed class ChannelDirectory(Database database, TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile Snapshot? _snapshot;
    private int _changes;

    /// <summary>Null: no such channel.</summary>
    public async ValueTask<ChannelEntry?> FindAsync(string key, CancellationToken cancel = default)
    {
        var snapshot = _snapshot;
        if (snapshot is null || clock.GetElapsedTime(snapshot.ReadAt) >= KeptFor) snapshot = await LoadAsync(cancel);
        return snapshot.ByKey.GetValueOrDefault(key);
    }

    /// <summary>Something about channels or profiles changed; the next question reads again.</summary>
    public void Invalidate()
    {
        Interlocked.Increment(ref _changes);
        _snapshot = null;
    }

    private async Task<Snapshot> LoadAsync(CancellationToken cancel)
    {
        await _loading.WaitAsync(cancel);
        try
        {
            if (_snapshot is { } fresh && clock.GetElapsedTime(fresh.ReadAt) < KeptFor) return fresh;
            var changes = Volatile.Read(ref _changes);
            var readAt = clock.GetTimestamp();
            await using var db = database.Read();
            var channels = await db.Channels
                .Select(c => new ChannelEntry(c.Id, c.Key, c.Provider, db.Profiles.Where(p => p.ChannelId == c.Id).Select(p => (long?)p.Id).FirstOrDefault(), c.ProtectedToken))
                .ToListAsync(cancel);
            var snapshot = new Snapshot(channels.ToFrozenDictionary(c => c.Key, StringComparer.Ordinal), readAt);
            // A change during the read may be missing in it: good enough for this question, not to be kept.
            if (changes == Volatile.Read(ref _changes)) _snapshot = snapshot;
            return snapshot;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private sealed record Snapshot(FrozenDictionary<string, ChannelEntry> ByKey, long ReadAt);
}
