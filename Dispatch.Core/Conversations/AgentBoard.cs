using System.Data.Common;
using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The moderators as one transaction sees them, read once and kept current through its own claims, so that a batch of a hundred
/// new conversations costs one read. What it says is advice: the claim's guarded updates decide.
/// </summary>
internal sealed class AgentBoard(ConversationOptions options, DateTime now)
{
    private readonly List<Row> _rows = [];
    private readonly Dictionary<long, Special> _special = [];
    private HashSet<(long Profile, long Moderator)> _allowed = [];
    private long _lastTurn;

    // By hand: read for every batch that has a new conversation in it.
    private const string Everyone =
        "SELECT m.id, m.name, m.state, m.open_count, m.max_conversations, m.priority, m.last_assigned_at, m.drain_window_at, m.drain_count, q.turn, q.priority "
        + "FROM moderators m LEFT JOIN moderator_turns q ON q.moderator_id = m.id WHERE m.enabled = @yes";

    // Profiles that not everybody may serve; a team of shared, open ones reads no row.
    private const string Permissions =
        "SELECT p.id, pm.moderator_id, p.mode, p.holder_id, p.paused FROM profiles p LEFT JOIN profile_moderators pm ON pm.profile_id = p.id "
        + "WHERE p.restricted = @yes OR p.mode = 'Exclusive' OR p.paused = @yes";

    internal static IReadOnlyList<string> Statements { get; } = [Everyone, Permissions];

    public async Task LoadAsync(WriteSession session)
    {
        _rows.Clear();
        _rows.AddRange(await session.QueryAsync(Everyone, ReadRow, ("yes", true)));
        _lastTurn = _rows.Count == 0 ? 0 : _rows.Max(r => r.Turn ?? 0);
        var permissions = await session.QueryAsync(
            Permissions,
            r => (Profile: r.GetInt64(0), Moderator: r.IsDBNull(1) ? 0 : r.GetInt64(1),
                Special: new Special(string.Equals(r.GetString(2), nameof(ProfileMode.Exclusive), StringComparison.Ordinal), r.IsDBNull(3) ? null : r.GetInt64(3), r.GetBoolean(4))),
            ("yes", true));
        _special.Clear();
        foreach (var p in permissions) _special[p.Profile] = p.Special;
        _allowed = [.. permissions.Select(p => (p.Profile, p.Moderator))];
    }

    private static Row ReadRow(DbDataReader r) => new()
    {
        Moderator = new Moderator
        {
            Id = r.GetInt64(0),
            Name = r.GetString(1),
            State = Enum.Parse<PresenceState>(r.GetString(2)),
            OpenCount = r.GetInt32(3),
            MaxConversations = r.GetInt32(4),
            Priority = r.GetInt32(5),
            LastAssignedAt = Time(r, 6),
            DrainWindowAt = Time(r, 7),
            DrainCount = r.GetInt32(8),
        },
        Turn = r.IsDBNull(9) ? null : r.GetInt64(9),
        Priority = r.IsDBNull(10) ? null : r.GetInt32(10),
    };

    private static DateTime? Time(DbDataReader r, int column) => r.IsDBNull(column) ? null : DateTime.SpecifyKind(r.GetDateTime(column), DateTimeKind.Utc);

    public bool IsPresent(long moderatorId) => _rows.Exists(r => r.Moderator.Id == moderatorId && r.Moderator.State == PresenceState.Online);

    public bool MayServe(long moderatorId, long profileId) => !_special.TryGetValue(profileId, out var profile)
        || (!profile.Paused && (profile.Exclusive ? profile.HolderId == moderatorId : _allowed.Contains((profileId, moderatorId))));

    public bool IsExclusive(long profileId) => _special.TryGetValue(profileId, out var profile) && profile.Exclusive;

    /// <summary>Why nobody at all can be given a conversation of this profile; null: somebody may be.</summary>
    public DecisionReason? WhyNobody(long profileId) => !_special.TryGetValue(profileId, out var profile) ? null
        : profile.Paused ? DecisionReason.ProfilePaused
        : profile is { Exclusive: true, HolderId: null } ? DecisionReason.ProfileFree : null;

    /// <summary>Everyone enabled, as assignment wants to know them for this profile.</summary>
    /// <param name="paced">True when parked conversations are handed out: whoever just had several is passed over.</param>
    public List<Agent> For(long profileId, bool paced)
    {
        var profile = _special.GetValueOrDefault(profileId);
        var whyNot = profile is { Paused: true } ? Verdict.ProfilePaused : profile is { Exclusive: true } ? Verdict.NotHolder : Verdict.NotAllowed;
        return _rows.ConvertAll(r => new Agent(
            r.Moderator.Id, r.Moderator.Name, r.Moderator.Enabled, r.Moderator.State == PresenceState.Online, MayServe(r.Moderator.Id, profileId),
            paced && IsPaced(r.Moderator), r.Moderator.OpenCount, r.Moderator.MaxConversations, r.Priority ?? r.Moderator.Priority,
            r.Turn ?? long.MaxValue, r.Moderator.LastAssignedAt) { WhyNotAllowed = whyNot });
    }

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

    /// <summary>A profile that not everybody may serve.</summary>
    private sealed record Special(bool Exclusive, long? HolderId, bool Paused);

    private sealed class Row
    {
        public required Moderator Moderator { get; init; }
        public long? Turn { get; set; }
        public int? Priority { get; init; }
    }
}
