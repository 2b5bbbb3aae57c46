using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Messaging;

/// <summary>A message to be written in the transaction of its cause.</summary>
/// <param name="EffectKey">Unique for ever, at most 200 characters: whoever wins the transition may use it once.</param>
public sealed record NewServiceMessage(MessageAudience Audience, string Kind, string Address, string Text, string EffectKey, long? BookingId = null, long? DriverId = null);

/// <summary>A message that left or did not.</summary>
/// <param name="Failure">Null: the gateway took it.</param>
public sealed record ServiceMessageResult(long Id, string Kind, long? BookingId, long? DriverId, SendFailure? Failure);

/// <summary>Whoever wrote a message hears what became of it, in the transaction that records it and before the message's own row is changed.</summary>
public interface IServiceMessageFollower
{
    Task SentAsync(WriteSession session, IReadOnlyList<ServiceMessageResult> results, DateTime now);

    Task StatusAsync(WriteSession session, ServiceMessage message, MessageStatus status, DateTime at);
}

/// <summary>A message that is Sending now, and only here.</summary>
internal sealed record ClaimedMessage(long Id, long? BookingId, long? DriverId, string Kind, OutboundMessage Outbound);

/// <summary>The rows of service messages: Queued, Sending, then Sent, Failed or Uncertain.</summary>
internal static class ServiceMessages
{
    private const string NoChannel = "NoChannel", Withdrawn = "Withdrawn";

    private static readonly RowColumn[] Columns =
    [
        RowColumn.Id("booking_id"), RowColumn.Id("driver_id"), RowColumn.Text("audience"), RowColumn.Text("direction"), RowColumn.Text("kind"),
        RowColumn.Id("channel_id"), RowColumn.Text("address"), RowColumn.Text("text"), RowColumn.Text("effect_key"), RowColumn.Text("status"),
        RowColumn.Moment("status_at"), RowColumn.Moment("created_at"), RowColumn.Text("provider_message_id"), RowColumn.Text("error"),
    ];

    private const string WithdrawOfBooking =
        "UPDATE service_messages SET status = 'Failed', error = 'Withdrawn', status_at = @now WHERE booking_id = @booking AND status = 'Queued' AND kind = @kind";

    private const string WithdrawOfDriver =
        "UPDATE service_messages SET status = 'Failed', error = 'Withdrawn', status_at = @now "
        + "WHERE status IN ('Queued','Sending') AND driver_id = @driver AND status = 'Queued' AND kind = @kind";

    private const string AnyEarly = "SELECT CASE WHEN EXISTS (SELECT 1 FROM early_statuses WHERE channel_id = @channel) THEN 1 ELSE 0 END";

    internal static IEnumerable<string> Statements(SqlDialect dialect) =>
        [WithdrawOfBooking, WithdrawOfDriver, AnyEarly, dialect.InsertRows("service_messages", Columns, "id"), FinishText(dialect), ClaimText(dialect, BulkRows.In("id", [1, 2, 3]).Sql)];

    private static string FinishText(SqlDialect dialect) => dialect.UpdateRows(
        "service_messages", [RowColumn.Id("id"), RowColumn.Text("result"), RowColumn.Moment("left_at"), RowColumn.Text("provider"), RowColumn.Text("failure")],
        "status = r.result, status_at = @now, sent_at = r.left_at, provider_message_id = r.provider, error = r.failure",
        // Uncertain: a sweep took it for lost while its call was still on its way; the answer of the gateway knows better.
        "status IN ('Sending','Uncertain')");

    /// <summary>Stores messages to be sent after the commit; returns their ids. Without a channel they are stored as failed: the time line shows that nobody was told.</summary>
    public static Task<List<long>> QueueAsync(WriteSession session, long? channelId, IReadOnlyCollection<NewServiceMessage> messages, DateTime now) =>
        session.InsertAsync("service_messages", Columns, messages.Select(m => Row(m, channelId, MessageDirection.Out,
            channelId is null ? MessageStatus.Failed : MessageStatus.Queued, now, null, channelId is null ? NoChannel : null)).ToList(), ["id"], r => r.GetInt64(0));

    /// <summary>Stores an answer that came in; false: it is stored already.</summary>
    public static async Task<bool> AddInboundAsync(WriteSession session, NewServiceMessage message, long channelId, string providerId, DateTime now)
    {
        if (await session.Db.ServiceMessages.AnyAsync(m => m.EffectKey == message.EffectKey)) return false;
        try
        {
            await session.InsertAsync("service_messages", Columns, [Row(message, channelId, MessageDirection.In, MessageStatus.Received, now, providerId, null)], ["id"], r => r.GetInt64(0));
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("service message");
        }
        return true;
    }

    /// <summary>What has not left yet need not any more.</summary>
    public static Task<int> WithdrawAsync(WriteSession session, long bookingId, string kind, DateTime now) =>
        session.ExecuteAsync(WithdrawOfBooking, ("now", now), ("booking", bookingId), ("kind", kind));

    /// <inheritdoc cref="WithdrawAsync"/>
    public static Task<int> WithdrawOfDriverAsync(WriteSession session, long driverId, string kind, DateTime now) =>
        session.ExecuteAsync(WithdrawOfDriver, ("now", now), ("driver", driverId), ("kind", kind));

    /// <summary>Queued to Sending for those that may leave now: nothing earlier of the same booking to the same address is still on its way.</summary>
    public static async Task<IReadOnlyList<ClaimedMessage>> ClaimAsync(WriteSession session, IReadOnlyList<long> ids, DateTime now)
    {
        var (within, arguments) = BulkRows.In("id", ids);
        (string, object?)[] all = [("now", now), .. arguments];
        // With what the call needs, in the one statement: reading the rows again through the model cost more than the claim.
        var claimed = await session.QueryAsync(ClaimText(session.Dialect, within), r => (
            Id: r.GetInt64(0), Booking: r.IsDBNull(1) ? null : (long?)r.GetInt64(1), Driver: r.IsDBNull(2) ? null : (long?)r.GetInt64(2), Kind: r.GetString(3), Channel: r.GetInt64(4),
            Address: r.GetString(5), Text: r.GetString(6)), all);
        if (claimed.Count == 0) return [];
        var used = claimed.Select(c => c.Channel).Distinct().ToList();
        var channels = await session.Db.Channels.AsNoTracking().Where(c => used.Contains(c.Id)).Select(c => new { c.Id, c.Key, c.Provider, c.ProtectedToken }).ToDictionaryAsync(c => c.Id);
        return [.. claimed.OrderBy(c => c.Id).Select(c => new ClaimedMessage(c.Id, c.Booking, c.Driver, c.Kind,
            new OutboundMessage(c.Id, 0, c.Channel, channels[c.Channel].Key, channels[c.Channel].Provider, channels[c.Channel].ProtectedToken, c.Address, c.Text)))];
    }

    public static async Task FinishAsync(
        WriteSession session, IEnumerable<IServiceMessageFollower> followers, IReadOnlyList<(ClaimedMessage Message, SendResult Result)> sent, DateTime now)
    {
        var results = sent.Select(s => new ServiceMessageResult(s.Message.Id, s.Message.Kind, s.Message.BookingId, s.Message.DriverId, s.Result.Failure)).ToList();
        foreach (var follower in followers) await follower.SentAsync(session, results, now);
        foreach (var (rows, _) in RowSet.Json(session.Dialect, [.. sent.OrderBy(s => s.Message.Id)], s =>
            [
                s.Message.Id, s.Result.Failure switch { null => MessageStatus.Sent, SendFailure.Unknown => MessageStatus.Uncertain, _ => MessageStatus.Failed },
                s.Result.Failure is null ? now : null, s.Result.ProviderId, s.Result.Failure?.ToString(),
            ]))
        {
            await session.ExecuteAsync(FinishText(session.Dialect), (RowSet.Parameter, rows), ("now", now));
        }
        await ApplyEarlyAsync(session, followers, [.. sent.Where(s => s.Result.ProviderId is not null)]);
    }

    /// <summary>News of messages of ours; returns the provider ids that were ours.</summary>
    public static async Task<IReadOnlySet<string>> ApplyAsync(
        WriteSession session, IEnumerable<IServiceMessageFollower> followers, long channelId, IReadOnlyList<InboundStatus> statuses)
    {
        var ids = statuses.Select(s => s.ProviderId).Distinct(StringComparer.Ordinal).ToList();
        var messages = await session.Db.ServiceMessages.AsNoTracking().Where(m => m.ChannelId == channelId && m.ProviderMessageId != null && ids.Contains(m.ProviderMessageId)).OrderBy(m => m.Id).ToListAsync();
        // A gateway that gave an id twice means the later message.
        var byId = new Dictionary<string, ServiceMessage>(StringComparer.Ordinal);
        foreach (var message in messages) byId[message.ProviderMessageId!] = message;
        foreach (var status in statuses.Where(s => byId.ContainsKey(s.ProviderId)).OrderBy(s => s.At)) await ApplyAsync(session, followers, byId[status.ProviderId], status);
        return byId.Keys.ToHashSet(StringComparer.Ordinal);
    }

    private static async Task ApplyAsync(WriteSession session, IEnumerable<IServiceMessageFollower> followers, ServiceMessage message, InboundStatus status)
    {
        MessageStatus[]? from = status.Status switch
        {
            MessageStatus.Sent => [MessageStatus.Uncertain],
            MessageStatus.Delivered => [MessageStatus.Uncertain, MessageStatus.Failed, MessageStatus.Sent],
            MessageStatus.Read => [MessageStatus.Uncertain, MessageStatus.Failed, MessageStatus.Sent, MessageStatus.Delivered],
            MessageStatus.Failed => [MessageStatus.Uncertain, MessageStatus.Sent],
            _ => null,
        };
        if (from is null) return;
        foreach (var follower in followers) await follower.StatusAsync(session, message, status.Status, status.At);
        var error = status.Error is { } text ? OutsideText.Cut(OutsideText.Mend(text), 60) : null;
        await session.Db.ServiceMessages.Where(m => m.Id == message.Id && from.Contains(m.Status)).ExecuteUpdateAsync(set => set
            .SetProperty(m => m.Status, status.Status).SetProperty(m => m.StatusAt, status.At).SetProperty(m => m.Error, error));
    }

    /// <summary>A gateway's news may overtake the commit of its own answer.</summary>
    private static async Task ApplyEarlyAsync(WriteSession session, IEnumerable<IServiceMessageFollower> followers, IReadOnlyList<(ClaimedMessage Message, SendResult Result)> sent)
    {
        if (sent.Count == 0) return;
        var channels = new List<long>();
        foreach (var channel in sent.Select(s => s.Message.Outbound.ChannelId).Distinct())
        {
            if ((await session.QueryAsync(AnyEarly, r => r.GetInt32(0), ("channel", channel)))[0] > 0) channels.Add(channel);
        }
        if (channels.Count == 0) return;
        var ids = sent.Select(s => s.Result.ProviderId!).ToList();
        var early = await session.Db.EarlyStatuses.AsNoTracking().Where(s => channels.Contains(s.ChannelId) && ids.Contains(s.ProviderMessageId)).OrderBy(s => s.At).ThenBy(s => s.Id).ToListAsync();
        foreach (var channel in early.GroupBy(e => e.ChannelId))
        {
            await ApplyAsync(session, followers, channel.Key, [.. channel.Select(e => new InboundStatus(e.ProviderMessageId, e.Status, e.At, e.Error))]);
            var applied = channel.Select(e => e.Id).ToList();
            await session.Db.EarlyStatuses.Where(e => applied.Contains(e.Id)).ExecuteDeleteAsync();
        }
    }

    // By driver where there is one: the partial index of what is on its way holds few rows of each. By booking, ten thousand offers would each look at all
    // others; the plus keeps the planner from that.
    private static string ClaimText(SqlDialect dialect, string within) => dialect.Update("service_messages", "status = 'Sending', status_at = @now",
        $"{within} AND status = 'Queued' AND NOT EXISTS (SELECT 1 FROM service_messages e WHERE e.driver_id = service_messages.driver_id "
        + "AND +e.booking_id = service_messages.booking_id AND +e.id < service_messages.id AND e.status IN ('Queued','Sending')) "
        + "AND (driver_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM service_messages e WHERE e.booking_id = service_messages.booking_id "
        + "AND e.address = service_messages.address AND e.id < service_messages.id AND e.status IN ('Queued','Sending')))", ["id", "booking_id", "driver_id", "kind", "channel_id", "address", "text"]);

    private static object?[] Row(
        NewServiceMessage m, long? channelId, MessageDirection direction, MessageStatus status, DateTime now, string? providerId, string? error) =>
        [m.BookingId, m.DriverId, m.Audience, direction, m.Kind, channelId, m.Address, m.Text, m.EffectKey, status, now, now, providerId, error];
}
