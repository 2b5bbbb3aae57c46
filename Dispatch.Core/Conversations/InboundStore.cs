using System.Data.Common;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The hand-written statements of the inbound path: a fixed number per message (SQLite, prepared) or per batch (multi-row), each on an index
/// and none that grows with history. See docs/decisions for the plans.
/// </summary>
internal static class InboundStore
{
    private static readonly string[] MessageKey = ["channel_id", "provider_message_id"];
    private static readonly string[] ContactColumns = ["address", "name", "created_at"];
    private static readonly string[] ConversationKey = ["profile_id", "contact_id"];
    private static readonly string[] ConversationSeen = ["id", "status", "owner_id", "owner_version", "last_owner_id", "closed_at"];
    private static readonly string[] NewConversation =
        ["profile_id", "contact_id", "status", "owner_version", "opened_at", "last_message_at", "last_message_preview", "last_message_direction", "unread_count"];
    private static readonly string[] NewMessage =
        ["conversation_id", "channel_id", "provider_message_id", "direction", "type", "text", "at", "stored_at", "status", "status_at"];
    private static readonly string[] NewPending = ["conversation_id", "profile_id", "message_id", "received_at", "reason"];

    private const string Touch =
        "UPDATE conversations SET last_message_at = @at, last_message_preview = @preview, last_message_direction = @direction, "
        + "unread_count = unread_count + @unread, waiting_since = CASE WHEN @unread > 0 THEN COALESCE(waiting_since, @waiting) ELSE NULL END WHERE id = @id";

    private const string SomeoneWaits = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pending_messages WHERE profile_id = @profile) THEN 1 ELSE 0 END";
    private const string Rename = "UPDATE contacts SET name = @name WHERE id = @id";

    /// <summary>Every text this class can send, for the check of their SQL Server form.</summary>
    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
    [
        dialect.ByKeys("messages", MessageKey, MessageKey, dialect.RowsPerStatement), dialect.ByKeys("contacts", ["address"], ["id", "address", "name"], 3),
        dialect.Insert("contacts", ContactColumns, 2, ["id", "address"]), dialect.NewestPerKey("conversations", ConversationKey, ConversationSeen, 3),
        dialect.Insert("conversations", NewConversation, 2, ["id", "profile_id", "contact_id"]),
        dialect.Insert("messages", NewMessage, dialect.RowsPerStatement, ["id", "provider_message_id"]), dialect.Insert("pending_messages", NewPending, 2, []),
        Touch, Rename, SomeoneWaits, .. AgentBoard.Statements, .. StatusTexts.Values,
    ];

    public static async Task<HashSet<(long Channel, string Id)>> KnownAsync(WriteSession session, IReadOnlyCollection<(long Channel, string Id)> keys) =>
        [.. await ManyAsync(session, keys, k => [k.Channel, k.Id], n => session.Dialect.ByKeys("messages", MessageKey, MessageKey, n),
            r => (r.GetInt64(0), r.GetString(1)))];

    public static async Task<Dictionary<string, (long Id, string Name)>> ContactsAsync(WriteSession session, IReadOnlyCollection<string> addresses) =>
        (await ManyAsync(session, addresses, a => [a], n => session.Dialect.ByKeys("contacts", ["address"], ["id", "address", "name"], n),
            r => (Id: r.GetInt64(0), Address: r.GetString(1), Name: r.GetString(2)))).ToDictionary(c => c.Address, c => (c.Id, c.Name), StringComparer.Ordinal);

    public static async Task<bool> SomeoneWaitsAsync(WriteSession session, long profileId) =>
        (await session.QueryAsync(SomeoneWaits, r => r.GetInt32(0), ("profile", profileId)))[0] == 1;

    public static Task<List<(long Id, string Address)>> AddContactsAsync(
        WriteSession session, IReadOnlyCollection<(string Address, string Name)> contacts, DateTime now) =>
        ManyAsync(session, contacts, c => [c.Address, c.Name, now], n => session.Dialect.Insert("contacts", ContactColumns, n, ["id", "address"]),
            r => (r.GetInt64(0), r.GetString(1)));

    public static Task RenameAsync(WriteSession session, long contactId, string name) => session.ExecuteAsync(Rename, ("name", name), ("id", contactId));

    /// <summary>The newest conversation of each pair, open or closed, locked.</summary>
    public static async Task<Dictionary<(long Profile, long Contact), FoundConversation>> NewestAsync(
        WriteSession session, IReadOnlyCollection<(long Profile, long Contact)> keys) =>
        (await ManyAsync(session, keys, k => [k.Profile, k.Contact],
            n => session.Dialect.NewestPerKey("conversations", ConversationKey, ConversationSeen, n),
            r => (Key: (r.GetInt64(0), r.GetInt64(1)), Found: new FoundConversation(
                new SeenConversation(r.GetInt64(2), r.GetInt64(0), Enum.Parse<ConversationStatus>(r.GetString(3)), r.IsDBNull(4) ? null : r.GetInt64(4), r.GetInt64(5)),
                r.IsDBNull(6) ? null : r.GetInt64(6), r.IsDBNull(7) ? null : DateTime.SpecifyKind(r.GetDateTime(7), DateTimeKind.Utc))))).ToDictionary(x => x.Key, x => x.Found);

    public static Task<List<(long Id, long Profile, long Contact)>> AddConversationsAsync(
        WriteSession session, IReadOnlyCollection<(long Profile, long Contact)> keys, DateTime now) =>
        ManyAsync(session, keys,
            k => [k.Profile, k.Contact, ConversationStatus.Pending, 0L, now, now, "", MessageDirection.In, 0],
            n => session.Dialect.Insert("conversations", NewConversation, n, ["id", "profile_id", "contact_id"]),
            r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)));

    public static Task<List<(long Id, string ProviderId)>> AddMessagesAsync(
        WriteSession session, IReadOnlyCollection<(long Conversation, long Channel, InboundMessage Message)> messages, DateTime now) =>
        ManyAsync(session, messages,
            m =>
            [
                m.Conversation, m.Channel, m.Message.ProviderId, m.Message.FromUs ? MessageDirection.Out : MessageDirection.In, m.Message.Type,
                m.Message.Text, m.Message.At, now, m.Message.FromUs ? MessageStatus.Sent : MessageStatus.Received, now,
            ],
            n => session.Dialect.Insert("messages", NewMessage, n, ["id", "provider_message_id"]),
            r => (r.GetInt64(0), r.GetString(1)));

    /// <summary>Last line, unread and waiting of one conversation. Messages of ours (unread 0) end the waiting.</summary>
    public static Statement Touched(long id, InboundMessage last, int unread, DateTime now) =>
        new(Touch, 1, ("at", now), ("preview", Preview(last)), ("direction", last.FromUs ? MessageDirection.Out : MessageDirection.In),
            ("unread", unread), ("waiting", now), ("id", id));

    public static Task ParkAsync(WriteSession session, IReadOnlyCollection<(long Conversation, long Profile, long Message)> messages, DecisionReason reason, DateTime now) =>
        ManyAsync(session, messages, m => [m.Conversation, m.Profile, m.Message, now, reason],
            n => session.Dialect.Insert("pending_messages", NewPending, n, []), _ => true);

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

    private static async Task<List<TRow>> ManyAsync<TKey, TRow>(
        WriteSession session, IReadOnlyCollection<TKey> keys, Func<TKey, object?[]> values, Func<int, string> sql, Func<DbDataReader, TRow> map)
    {
        var all = new List<TRow>(keys.Count);
        string? text = null;
        var rows = 0;
        foreach (var chunk in keys.Chunk(session.Dialect.RowsPerStatement))
        {
            // Written once per length: on SQLite every chunk is one row, and the text costs more than its execution.
            if (chunk.Length != rows) text = sql(rows = chunk.Length);
            var arguments = chunk.SelectMany(values).Select((value, i) => (ParameterName(i), value)).ToArray();
            await session.QueryAsync(text!, map, all, arguments);
        }
        return all;
    }

    private static readonly string[] ParameterNames = [.. Enumerable.Range(0, 2100).Select(i => $"p{i}")];

    private static string ParameterName(int i) => ParameterNames[i];
}

internal sealed record FoundConversation(SeenConversation Seen, long? LastOwnerId, DateTime? ClosedAt);
