using System.Data.Common;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The hand-written statements of the inbound path: a fixed number per batch whatever its size (<see cref="RowSet"/>), each on an index
/// and none that grows with history.
/// </summary>
internal static class InboundStore
{
    private const string SomeoneWaits = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pending_messages WHERE profile_id = @profile) THEN 1 ELSE 0 END";

    private static readonly Dictionary<DatabaseProvider, Texts> ByProvider = SqlDialect.All.ToDictionary(d => d.Provider, d => new Texts(d));

    /// <summary>Every text this class can send, for the check of their plans and of their SQL Server form.</summary>
    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
        [.. ByProvider[dialect.Provider].All, SomeoneWaits, .. AgentBoard.Statements, .. StatusTexts.Values, .. SentElsewhere.Statements(dialect)];

    public static async Task<HashSet<(long Channel, string Id)>> KnownAsync(WriteSession session, IReadOnlyCollection<(long Channel, string Id)> keys) =>
        [.. await ManyAsync(session, TextsOf(session).Known, keys, k => [k.Channel, k.Id], r => (r.GetInt64(0), r.GetString(1)))];

    public static async Task<Dictionary<string, (long Id, string Name)>> ContactsAsync(WriteSession session, IReadOnlyCollection<string> addresses) =>
        (await ManyAsync(session, TextsOf(session).Contacts, addresses, a => [a],
            r => (Id: r.GetInt64(0), Address: r.GetString(1), Name: r.GetString(2)))).ToDictionary(c => c.Address, c => (c.Id, c.Name), StringComparer.Ordinal);

    public static async Task<bool> SomeoneWaitsAsync(WriteSession session, long profileId) =>
        (await session.QueryAsync(SomeoneWaits, r => r.GetInt32(0), ("profile", profileId)))[0] == 1;

    public static Task<List<(long Id, string Address)>> AddContactsAsync(
        WriteSession session, IReadOnlyCollection<(string Address, string Name)> contacts, DateTime now) =>
        ManyAsync(session, TextsOf(session).AddContacts, contacts, c => [c.Address, c.Name], r => (r.GetInt64(0), r.GetString(1)), now);

    public static Task RenameAsync(WriteSession session, IReadOnlyCollection<(long Id, string Name)> contacts) =>
        ChangeAsync(session, TextsOf(session).Rename, contacts, c => [c.Id, c.Name]);

    /// <summary>The open conversation of each pair, else the newest closed one, locked. A closed one may be younger than the open one (<see cref="SentElsewhere"/>).</summary>
    public static async Task<Dictionary<(long Profile, long Contact), FoundConversation>> NewestAsync(
        WriteSession session, IReadOnlyCollection<(long Profile, long Contact)> keys) =>
        (await ManyAsync(session, TextsOf(session).Newest, keys, k => [k.Profile, k.Contact],
            r => (Key: (r.GetInt64(0), r.GetInt64(1)), Found: new FoundConversation(
                new SeenConversation(r.GetInt64(2), r.GetInt64(0), Enum.Parse<ConversationStatus>(r.GetString(3)), r.IsDBNull(4) ? null : r.GetInt64(4), r.GetInt64(5)),
                r.IsDBNull(6) ? null : r.GetInt64(6), r.IsDBNull(7) ? null : DateTime.SpecifyKind(r.GetDateTime(7), DateTimeKind.Utc))))).ToDictionary(x => x.Key, x => x.Found);

    public static Task<List<(long Id, long Profile, long Contact)>> AddConversationsAsync(
        WriteSession session, IReadOnlyCollection<(long Profile, long Contact)> keys, DateTime now) =>
        ManyAsync(session, TextsOf(session).AddConversations, keys,
            k => [k.Profile, k.Contact, ConversationStatus.Pending, 0L, "", MessageDirection.In, 0],
            r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), now);

    public static Task<List<(long Id, string ProviderId)>> AddMessagesAsync(
        WriteSession session, IReadOnlyCollection<(long Conversation, long Channel, InboundMessage Message)> messages, DateTime now) =>
        ManyAsync(session, TextsOf(session).AddMessages, messages,
            m =>
            [
                m.Conversation, m.Channel, m.Message.ProviderId, m.Message.FromUs ? MessageDirection.Out : MessageDirection.In, m.Message.Type,
                m.Message.Text, m.Message.At, m.Message.FromUs ? MessageStatus.Sent : MessageStatus.Received,
            ],
            r => (r.GetInt64(0), r.GetString(1)), now);

    /// <summary>
    /// Last line, unread and waiting of each conversation. Messages of ours (unread 0) end the waiting. False: one of them is not there any more.
    /// </summary>
    public static async Task<bool> TouchAsync(WriteSession session, IReadOnlyCollection<(long Id, InboundMessage Last, int Unread)> conversations, DateTime now) =>
        await ChangeAsync(session, TextsOf(session).Touch, conversations, c =>
            [c.Id, Preview(c.Last), c.Last.FromUs ? MessageDirection.Out : MessageDirection.In, c.Unread], now) == conversations.Count;

    public static Task ParkAsync(WriteSession session, IReadOnlyCollection<(long Conversation, long Profile, long Message)> messages, DecisionReason reason, DateTime now) =>
        ChangeAsync(session, TextsOf(session).Park, messages, m => [m.Conversation, m.Profile, m.Message, reason], now);

    /// <summary>Moves a status forward, never back. A status of a message that is not known yet is kept for when it is.</summary>
    public static async Task<bool> ApplyStatusAsync(WriteSession session, long channelId, InboundStatus status)
    {
        if (!StatusTexts.TryGetValue(status.Status, out var text)) return false;
        return await session.ExecuteAsync(text, ("status", status.Status), ("at", status.At), ("error", status.Error),
            ("channel", channelId), ("provider", status.ProviderId)) == 1;
    }

    /// <summary>
    /// Words from outside in a form that every database stores: PostgreSQL refuses U+0000 and whatever is longer than its column, and a
    /// message refused would be delivered again for ever.
    /// </summary>
    public static InboundMessage Fit(InboundMessage message) => message with
    {
        Name = OutsideText.Cut(OutsideText.Mend(message.Name), ConversationConfiguration.NameLength),
        Type = OutsideText.Cut(OutsideText.Mend(message.Type), ConversationConfiguration.TypeLength),
        Text = OutsideText.Mend(message.Text),
    };

    /// <inheritdoc cref="Fit(InboundMessage)"/>
    public static InboundStatus Fit(InboundStatus status) =>
        status.Error is { } error ? status with { Error = OutsideText.Cut(OutsideText.Mend(error), ConversationConfiguration.ErrorLength) } : status;

    public static string Preview(string text)
    {
        const int length = ConversationConfiguration.PreviewLength;
        var line = text.ReplaceLineEndings(" ").Trim();
        if (line.Length <= length) return line;
        // Never cut a surrogate pair in two: half an emoji is no text.
        return line[..(char.IsHighSurrogate(line[length - 2]) ? length - 2 : length - 1)] + "…";
    }

    private static string Preview(InboundMessage message) => message.Text.Length > 0 ? Preview(message.Text) : $"[{message.Type}]";

    private static readonly Dictionary<MessageStatus, string> StatusTexts = new()
    {
        [MessageStatus.Sent] = StatusText("'Queued','Sending','Uncertain'"),
        [MessageStatus.Delivered] = StatusText("'Queued','Sending','Uncertain','Failed','Sent'"),
        [MessageStatus.Read] = StatusText("'Queued','Sending','Uncertain','Failed','Sent','Delivered'"),
        [MessageStatus.Failed] = StatusText("'Queued','Sending','Uncertain','Sent'"),
    };

    private static string StatusText(string from) =>
        "UPDATE messages SET status = @status, status_at = @at, error = @error "
        + $"WHERE channel_id = @channel AND provider_message_id = @provider AND direction = 'Out' AND status IN ({from})";

    private static Texts TextsOf(WriteSession session) => ByProvider[session.Dialect.Provider];

    private static async Task<List<TRow>> ManyAsync<TKey, TRow>(
        WriteSession session, string sql, IReadOnlyCollection<TKey> keys, Func<TKey, object?[]> values, Func<DbDataReader, TRow> map, DateTime? now = null)
    {
        var all = new List<TRow>(keys.Count);
        foreach (var (rows, _) in RowSet.Json(session.Dialect, keys, values)) await session.QueryAsync(sql, map, all, Arguments(rows, now));
        return all;
    }

    private static async Task<int> ChangeAsync<TKey>(WriteSession session, string sql, IReadOnlyCollection<TKey> keys, Func<TKey, object?[]> values, DateTime? now = null)
    {
        var changed = 0;
        foreach (var (rows, _) in RowSet.Json(session.Dialect, keys, values)) changed += await session.ExecuteAsync(sql, Arguments(rows, now));
        return changed;
    }

    private static (string, object?)[] Arguments(string rows, DateTime? now) =>
        now is null ? [(RowSet.Parameter, rows)] : [(RowSet.Parameter, rows), ("now", now)];

    /// <summary>The statements over many rows, as one provider wants them.</summary>
    private sealed class Texts(SqlDialect dialect)
    {
        private static readonly RowColumn[] MessageKey = [RowColumn.Id("channel_id"), RowColumn.Text("provider_message_id")];
        private static readonly RowColumn[] ConversationKey = [RowColumn.Id("profile_id"), RowColumn.Id("contact_id")];

        public string Known { get; } = dialect.ByKeys("messages", MessageKey, "channel_id", "provider_message_id");
        // Held: one who is erased at this moment is either found before it, and the erasure sees what was opened, or not found any more.
        public string Contacts { get; } = dialect.HeldByKeys("contacts", [RowColumn.Text("address")], "id", "address", "name");
        public string AddContacts { get; } = dialect.InsertRows(
            "contacts", [RowColumn.Text("address"), RowColumn.Text("name"), RowColumn.Same("created_at", "now")], "id", "address");

        public string Rename { get; } = dialect.UpdateRows("contacts", [RowColumn.Id("id"), RowColumn.Text("name")], "name = r.name");
        public string Newest { get; } = dialect.NewestPerKey(
            "conversations", ConversationKey, "CASE WHEN x.status = 'Closed' THEN 1 ELSE 0 END", "id", "status", "owner_id", "owner_version", "last_owner_id", "closed_at");

        public string AddConversations { get; } = dialect.InsertRows(
            "conversations",
            [
                .. ConversationKey, RowColumn.Text("status"), RowColumn.Id("owner_version"), RowColumn.Text("last_message_preview"),
                RowColumn.Text("last_message_direction"), RowColumn.Number("unread_count"), RowColumn.Same("opened_at", "now"),
                RowColumn.Same("last_message_at", "now"),
            ],
            "id", "profile_id", "contact_id");

        public string AddMessages { get; } = dialect.InsertRows(
            "messages",
            [
                RowColumn.Id("conversation_id"), .. MessageKey, RowColumn.Text("direction"), RowColumn.Text("type"), RowColumn.Text("text"), RowColumn.Moment("at"),
                RowColumn.Text("status"), RowColumn.Same("stored_at", "now"), RowColumn.Same("status_at", "now"),
            ],
            "id", "provider_message_id");

        public string Touch { get; } = dialect.UpdateRows(
            "conversations",
            [
                RowColumn.Id("id"), RowColumn.Text("preview"), RowColumn.Text("direction"), RowColumn.Number("unread"),
            ],
            "last_message_at = @now, last_message_preview = r.preview, last_message_direction = r.direction, unread_count = unread_count + r.unread, "
            + "waiting_since = CASE WHEN r.unread > 0 THEN COALESCE(waiting_since, @now) ELSE NULL END");

        public string Park { get; } = dialect.InsertRows(
            "pending_messages",
            [
                RowColumn.Id("conversation_id"), RowColumn.Id("profile_id"), RowColumn.Id("message_id"), RowColumn.Text("reason"), RowColumn.Same("received_at", "now"),
            ]);

        public IEnumerable<string> All => [Known, Contacts, AddContacts, Rename, Newest, AddConversations, AddMessages, Touch, Park];
    }
}

internal sealed record FoundConversation(SeenConversation Seen, long? LastOwnerId, DateTime? ClosedAt);
