using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The moderators as one transaction sees them, read once and kept current through its own claims, so that a batch of a hundred
/// new conversations costs one read. What it says is advice: the claim's guarded updates decide.
/// </summary>
internal sealed class AgentBoard(ConversationOptions options, DateTime now)
{
    private readonly List<Row> _rows = [];
    private HashSet<long> _restricted = [];
    private HashSet<(long Profile, long Moderator)> _allowed = [];
    private long _lastTurn;

    public async Task LoadAsync(WriteSession session)
    {
        _rows.Clear();
        _rows.AddRange(await session.Db.Moderators.AsNoTracking()
            .Where(m => m.Enabled)
            .Select(m => new Row
            {
                Moderator = m,
                Turn = session.Db.ModeratorQueue.Where(q => q.ModeratorId == m.Id).Select(q => (long?)q.Turn).FirstOrDefault(),
                Priority = session.Db.ModeratorQueue.Where(q => q.ModeratorId == m.Id).Select(q => (int?)q.Priority).FirstOrDefault(),
            })
            .ToListAsync());
        _lastTurn = _rows.Count == 0 ? 0 : _rows.Max(r => r.Turn ?? 0);
        _restricted = [.. await session.Db.Profiles.Where(p => p.Restricted).Select(p => p.Id).ToListAsync()];
        _allowed = _restricted.Count == 0
            ? []
            : [.. (await session.Db.ProfileModerators.AsNoTracking().ToListAsync()).Select(p => (p.ProfileId, p.ModeratorId))];
    }

    public bool IsPresent(long moderatorId) => _rows.Exists(r => r.Moderator.Id == moderatorId && r.Moderator.State == PresenceState.Online);

    public bool MayServe(long moderatorId, long profileId) => !_restricted.Contains(profileId) || _allowed.Contains((profileId, moderatorId));

    /// <summary>Everyone enabled, as assignment wants to know them for this profile.</summary>
    /// <param name="paced">True when parked conversations are handed out: whoever just had several is passed over.</param>
    public List<Agent> For(long profileId, bool paced) => _rows.ConvertAll(r => new Agent(
        r.Moderator.Id, r.Moderator.Name, r.Moderator.Enabled, r.Moderator.State == PresenceState.Online, MayServe(r.Moderator.Id, profileId),
        paced && IsPaced(r.Moderator), r.Moderator.OpenCount, r.Moderator.MaxConversations, r.Priority ?? r.Moderator.Priority,
        r.Turn ?? long.MaxValue, r.Moderator.LastAssignedAt));

    /// <summary>Someone present has a free seat and may be given a parked conversation now.</summary>
    public bool HasRoom(long profileId) => _rows.Exists(r =>
        r.Moderator.State == PresenceState.Online && r.Moderator.OpenCount < r.Moderator.MaxConversations && !IsPaced(r.Moderator)
        && MayServe(r.Moderator.Id, profileId));

    /// <summary>A claim of this transaction gave the person a conversation.</summary>
    public void Took(long moderatorId, bool paced)
    {
        if (_rows.Find(r => r.Moderator.Id == moderatorId) is not { } row) return;
        var person = row.Moderator;
        person.OpenCount++;
        person.LastAssignedAt = now;
        row.Turn = ++_lastTurn;
        if (!paced) return;
        var sameWindow = person.DrainWindowAt > now - options.DrainWindow;
        person.DrainCount = sameWindow ? person.DrainCount + 1 : 1;
        if (!sameWindow) person.DrainWindowAt = now;
    }

    public void Released(long moderatorId)
    {
        if (_rows.Find(r => r.Moderator.Id == moderatorId) is { } row) row.Moderator.OpenCount--;
    }

    private bool IsPaced(Moderator person) => person.DrainWindowAt > now - options.DrainWindow && person.DrainCount >= options.DrainPerWindow;

    private sealed class Row
    {
        public required Moderator Moderator { get; init; }
        public long? Turn { get; set; }
        public int? Priority { get; init; }
    }
}
