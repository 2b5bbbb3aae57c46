using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>A message that left, or may have left, by another part of Dispatch than a moderator's answer.</summary>
/// <param name="Key">Unique for ever, of the effect: its line exists once, whoever tells of it. Begins with <see cref="SentElsewhere.KeyPrefix"/>.</param>
/// <param name="Name">Of the contact, where he is new.</param>
/// <param name="Status">Sent, Uncertain or Failed.</param>
/// <param name="At">When its sending began (UTC): what the contact wrote after it is not answered by it.</param>
/// <param name="Answers">It answers what the contact wrote; a step of a sequence does not.</param>
internal sealed record SentMessage(
    string Key, long ProfileId, long ChannelId, string Address, string Name, string Text, string? ProviderId, MessageStatus Status, string? Error, DateTime At, bool Answers);

/// <summary>
/// Lines of a thread for what was sent elsewhere, in the transaction that records the sending. Nobody is given anything by it: the newest conversation takes the line as it is, and who has
/// none gets a closed one that was never anybody's, which his first word opens (decision 022).
/// </summary>
internal static class SentElsewhere
{
    public const string KeyPrefix = "outreach/";

    public static bool IsKey(string key) => key.StartsWith(KeyPrefix, StringComparison.Ordinal);

    private static readonly Dictionary<DatabaseProvider, Texts> ByProvider = SqlDialect.All.ToDictionary(d => d.Provider, d => new Texts(d));

    internal static IEnumerable<string> Statements(SqlDialect dialect) => ByProvider[dialect.Provider].All;

    /// <summary>Writes the lines. The same key again: the line becomes what is known now, and never less. Returns what is left to do in the transaction, without a round trip of its own.</summary>
    /// <param name="reopenable">What was closed since then is still open to its contact (<see cref="ConversationOptions.ReopenWithin"/>).</param>
    /// <param name="before">What records the sending; done first, in the same round trip. Null comes back: one of them changed another number of rows than it must, and the caller undoes it all.</param>
    /// <param name="failed">Gets those of which the gateway had said, before they were written down, that they did not arrive.</param>
    public static async Task<IReadOnlyList<Statement>?> WriteAsync(
        WriteSession session, IReadOnlyCollection<SentMessage> messages, IReadOnlyList<Statement> before, DateTime reopenable, DateTime now, ICollection<LateFailure>? failed = null)
    {
        if (messages.Count == 0) return await session.ExecuteAllAsync(before) ? [] : null;
        var texts = ByProvider[session.Dialect.Provider];
        var lines = messages.OrderBy(m => m.ProfileId).ThenBy(m => m.Address, StringComparer.Ordinal).ToList();
        var written = new Dictionary<string, long>(StringComparer.Ordinal);
        var early = false;
        try
        {
            foreach (var (rows, _) in RowSet.Json(session.Dialect, lines, Values))
            {
                var added = await session.QueryAfterAsync(
                [
                    .. before,
                    new Statement(texts.AddContacts, null, (RowSet.Parameter, rows), ("now", now)),
                    new Statement(texts.AddConversations, null, (RowSet.Parameter, rows), ("now", now), ("reopenable", reopenable)),
                    new Statement(texts.AdoptEcho, null, (RowSet.Parameter, rows)),
                ], new Statement(texts.AddMessages, null, (RowSet.Parameter, rows), ("now", now)), r => (r.GetString(0), r.GetInt64(1), r.GetInt32(2) > 0));
                if (added is null) return null;
                before = [];
                foreach (var (key, conversation, overtaken) in added)
                {
                    written[key] = conversation;
                    early |= overtaken;
                }
            }
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // He wrote, or an echo came, at the same moment: done again on what is there now.
            throw new StaleReadException("thread");
        }
        foreach (var known in lines.Where(m => !written.ContainsKey(m.Key)))
        {
            if (await CorrectAsync(session, known, now) is { } conversation) written[known.Key] = conversation;
            early = true;
        }
        if (early) await ApplyEarlyAsync(session, lines, failed);
        foreach (var id in written.Values.Distinct())
        {
            session.Publish(Topics.Conversation(id), EventNames.MessageStatus, id);
            session.Publish(Topics.Board, EventNames.MessageStatus, id);
        }
        // What may not have left is no last word, and answers nothing.
        var last = lines.Where(m => m.Status == MessageStatus.Sent && written.ContainsKey(m.Key)).GroupBy(m => written[m.Key]).OrderBy(g => g.Key).Select(g => (Id: g.Key, Message: g.Last(), Answers: g.Any(m => m.Answers)));
        return [.. RowSet.Json(session.Dialect, last.ToList(), l => [l.Id, InboundStore.Preview(l.Message.Text), l.Answers ? 1 : 0, l.Message.At])
            .Select(r => new Statement(texts.Touch, null, (RowSet.Parameter, r.Json), ("now", now)))];
    }

    /// <summary>Statuses that a gateway reported before the message was written down.</summary>
    private static async Task ApplyEarlyAsync(WriteSession session, IReadOnlyCollection<SentMessage> messages, ICollection<LateFailure>? failed)
    {
        var named = messages.Where(m => m.ProviderId is not null).ToList();
        foreach (var (rows, _) in RowSet.Json(session.Dialect, named, m => [m.ChannelId, m.ProviderId]))
        {
            foreach (var (channel, id) in await session.QueryAsync(ByProvider[session.Dialect.Provider].Early, r => (r.GetInt64(0), r.GetString(1)), (RowSet.Parameter, rows)))
            {
                await ReplyStore.ApplyEarlyAsync(session, channel, id);
                if (failed is null) continue;
                foreach (var line in await session.Db.Messages.AsNoTracking().Where(m => m.ChannelId == channel && m.ProviderMessageId == id && m.Status == MessageStatus.Failed && m.EffectKey != null)
                             .Select(m => new { m.EffectKey, m.Error }).ToListAsync())
                    failed.Add(new LateFailure(line.EffectKey!, line.Error));
            }
        }
    }

    /// <summary>The line was there: an uncertain one that turned out, one that was sent again, or an echo that came first.</summary>
    private static async Task<long?> CorrectAsync(WriteSession session, SentMessage message, DateTime now)
    {
        var key = message.Key;
        var row = await session.Db.Messages.AsNoTracking().Where(m => m.EffectKey == key && m.SenderId == null).Select(m => new { m.Id, m.ConversationId, m.Status, m.ProviderMessageId }).FirstOrDefaultAsync();
        if (row is null) return null;
        // Delivered and read know more than we do.
        if (row.Status is MessageStatus.Sent or MessageStatus.Delivered or MessageStatus.Read) return row.ConversationId;
        if (message.ProviderId is { } id) await ReplyStore.AbsorbEchoAsync(session, row.Id, message.ChannelId, id);
        await session.Db.Messages.Where(m => m.Id == row.Id && (m.Status == MessageStatus.Uncertain || m.Status == MessageStatus.Failed)).ExecuteUpdateAsync(set => set
            .SetProperty(m => m.Status, message.Status).SetProperty(m => m.StatusAt, now).SetProperty(m => m.Error, message.Error).SetProperty(m => m.Text, message.Text)
            .SetProperty(m => m.ProviderMessageId, m => message.ProviderId ?? m.ProviderMessageId));
        return row.ConversationId;
    }

    private static object?[] Values(SentMessage m) =>
        [m.ProfileId, m.ChannelId, m.Address, m.Name, m.Text, m.ProviderId, m.Status, m.Error, m.Key, m.At, m.Status == MessageStatus.Sent ? InboundStore.Preview(m.Text) : ""];

    private sealed class Texts
    {
        private static readonly RowColumn[] Given =
        [
            RowColumn.Id("profile_id"), RowColumn.Id("channel_id"), RowColumn.Text("address"), RowColumn.Text("name"), RowColumn.Text("text"), RowColumn.Text("provider_message_id"),
            RowColumn.Text("status"), RowColumn.Text("why"), RowColumn.Text("effect_key"), RowColumn.Moment("at"), RowColumn.Text("preview"),
        ];

        public Texts(SqlDialect dialect)
        {
            // Looked up row by row, each in a scalar query: joined, a plan from the time when the tables were small would read them whole.
            var people = $"(SELECT r.*, (SELECT MIN(k.id) FROM contacts k WHERE k.address = r.address) AS contact_id FROM {dialect.Rows(Given)}{dialect.Once}) AS x";
            const string mine = "FROM conversations c WHERE c.contact_id = x.contact_id AND c.profile_id = x.profile_id";
            AddContacts = "INSERT INTO contacts (address, name, created_at) SELECT r.address, MIN(r.name), @now FROM " + dialect.Rows(Given)
                + " WHERE (SELECT COUNT(*) FROM contacts k WHERE k.address = r.address) = 0 GROUP BY r.address";
            AddConversations = "INSERT INTO conversations (profile_id, contact_id, status, owner_version, opened_at, closed_at, last_message_at, last_message_preview, last_message_direction, unread_count) "
                + $"SELECT x.profile_id, x.contact_id, 'Closed', 0, @now, @now, @now, MAX(x.preview), 'Out', 0 FROM {people} "
                + $"WHERE (SELECT COUNT(*) {mine} AND (c.status <> 'Closed' OR c.owner_version = 0 OR c.closed_at >= @reopenable)) = 0 GROUP BY x.profile_id, x.contact_id";
            // By the id that its unique key gives: a range over two columns would walk through the whole channel for each line.
            AdoptEcho = "UPDATE messages SET effect_key = x.effect_key FROM (SELECT r.effect_key, (SELECT o.id FROM messages o WHERE o.channel_id = r.channel_id "
                + $"AND o.provider_message_id = r.provider_message_id) AS message_id FROM {dialect.Rows(Given)}{dialect.Once}) AS x WHERE messages.id BETWEEN x.message_id AND x.message_id "
                + "AND CASE WHEN messages.direction = 'Out' AND messages.sender_id IS NULL AND messages.effect_key IS NULL "
                + "AND (SELECT COUNT(*) FROM messages o WHERE o.effect_key = x.effect_key) = 0 THEN 1 ELSE 0 END = 1";
            // Whether a status overtook it; where that cannot be said in the same statement it is always looked for.
            var output = dialect.Provider == DatabaseProvider.SqlServer ? " OUTPUT inserted.effect_key, inserted.conversation_id, 1" : "";
            var returning = dialect.Provider == DatabaseProvider.SqlServer ? "" : " RETURNING effect_key, conversation_id, "
                + "CAST((SELECT COUNT(*) FROM early_statuses s WHERE s.channel_id = messages.channel_id AND s.provider_message_id = messages.provider_message_id) AS integer)";
            AddMessages = "INSERT INTO messages (conversation_id, channel_id, provider_message_id, direction, type, text, at, stored_at, status, status_at, error, effect_key)" + output
                + $" SELECT COALESCE((SELECT MAX(c.id) {mine} AND c.status <> 'Closed'), (SELECT MAX(c.id) {mine})), "
                + $"x.channel_id, x.provider_message_id, 'Out', 'text', x.text, x.at, @now, x.status, @now, x.why, x.effect_key FROM {people} "
                + "WHERE (SELECT COUNT(*) FROM messages o WHERE o.effect_key = x.effect_key) = 0 ORDER BY x.n" + returning;
            // Has he written since it began to leave, his word is the last one and still waits.
            Touch = dialect.UpdateRows(
                "conversations", [RowColumn.Id("id"), RowColumn.Text("preview"), RowColumn.Number("answers"), RowColumn.Moment("at")],
                "last_message_at = @now, last_message_preview = r.preview, last_message_direction = 'Out', waiting_since = CASE WHEN r.answers = 1 THEN NULL ELSE waiting_since END",
                "(conversations.last_message_direction = 'Out' OR conversations.last_message_at <= r.at) "
                // One that was made for this line has it already.
                + "AND (conversations.last_message_at <> @now OR conversations.last_message_preview <> r.preview OR conversations.last_message_direction <> 'Out' OR r.answers = 1)");
            Early = dialect.ByKeys("early_statuses", [RowColumn.Id("channel_id"), RowColumn.Text("provider_message_id")], "channel_id", "provider_message_id");
        }

        public string AddContacts { get; }
        public string AddConversations { get; }
        public string AdoptEcho { get; }
        public string AddMessages { get; }
        public string Touch { get; }
        public string Early { get; }

        public IEnumerable<string> All => [AddContacts, AddConversations, AdoptEcho, AddMessages, Touch, Early];
    }
}
