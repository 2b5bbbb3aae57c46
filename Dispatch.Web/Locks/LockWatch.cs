using Dispatch.Core.Live;
using Dispatch.Core.Locks;

namespace Dispatch.Web.Locks;

/// <summary>The locks on the contacts that one page lists. Follows their topics, so that a badge comes and goes with its lock.</summary>
public sealed class LockWatch(ProfileLockService locks)
{
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<long, LockInfo> _held = new Dictionary<long, LockInfo>();

    /// <summary>Null: nobody answers this contact.</summary>
    public LockInfo? On(long contactId) => _held.GetValueOrDefault(contactId);

    public static bool Concerns(LiveEvent change) => change.Name == EventNames.ProfileLockStatusChanged;

    /// <summary>Nothing but locks changed: the lists themselves need not be read.</summary>
    public static bool IsAll(IReadOnlySet<LiveEvent> changes) => changes.Count > 0 && changes.All(Concerns);

    /// <param name="contactIds">Everybody whom the page shows; 0 is nobody.</param>
    public async Task ReadAsync(LiveSubscription? live, IEnumerable<long> contactIds, CancellationToken cancel)
    {
        var ids = contactIds.Where(id => id != 0).ToHashSet();
        // Subscribe first, then read: what happens in between is signalled.
        var wanted = ids.Select(Topics.Contact).ToHashSet(StringComparer.Ordinal);
        foreach (var topic in _topics.Except(wanted).ToList())
        {
            live?.Remove(topic);
            _topics.Remove(topic);
        }
        foreach (var topic in wanted.Where(_topics.Add)) live?.Add(topic);
        _held = await locks.GetLocksOnAsync(LockKind.Client, ids, cancel);
    }
}
