using System.Collections.Concurrent;
using System.Text.Json;
using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>Messages of contacts were committed: <see cref="WorkerInboundLoop"/> carries them on.</summary>
public sealed class InboundWake : WakeSignal;

/// <summary>One row of <see cref="WorkerInbound.Batch"/>.</summary>
internal sealed record CarriedBatch(IReadOnlyList<InboundMessage> Messages, IReadOnlyList<InboundStatus> Statuses);

/// <summary>
/// What goes through a number: results of sends to those who wait for them, and what contacts wrote to the ordinary inbound path. The inbox's transaction only stores it;
/// a conversation is opened in one of its own, and because messages are unique per channel it may be carried twice.
/// </summary>
public sealed class WorkerMessages(InboundWake wake, IOptions<NumberOptions> options)
{
    private const string Finish = "UPDATE worker_sends SET finished_at = @now, provider_id = @provider, failure = @failure WHERE send_key = @key AND (finished_at IS NULL OR failure = 'Unknown')";
    private const string Fail = "UPDATE worker_sends SET finished_at = @now, failure = @failure WHERE command_id = @command AND finished_at IS NULL";

    private const string PhoneSeen =
        "UPDATE numbers SET phone_seen_at = @at, phone_due_at = @due, version = version + 1 WHERE id = @number AND paired_at IS NOT NULL AND (phone_seen_at IS NULL OR phone_seen_at < @before)";

    /// <summary>WhatsApp's answer "for new chats restricted" (facts 3).</summary>
    private const int RestrictedForNewChats = 463;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

    internal static IEnumerable<string> Statements => [Finish, Fail, PhoneSeen];

    /// <summary>Ends when the result of the send may be there: a reason to look, no more.</summary>
    internal Task Expect(string key) => _waiting.GetOrAdd(key, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    internal void Forget(string key) => _waiting.TryRemove(key, out _);

    internal async Task SentAsync(WriteSession session, long numberId, SendReported sent, DateTime now)
    {
        SendFailure? failure = sent switch
        {
            { Sent: true } => null,
            { Uncertain: true } => SendFailure.Unknown,
            { Error: "not_connected" or "stale_session" or "too_old" } => SendFailure.Unreachable,
            { Error: "not_on_whatsapp" } => SendFailure.BadRecipient,
            { ErrorCode: RestrictedForNewChats } => SendFailure.TooMany,
            _ => SendFailure.Refused,
        };
        await session.ExecuteAsync(Finish, ("now", now), ("provider", failure is null ? sent.ProviderMessageId : null), ("failure", failure), ("key", sent.Ref));
        session.AfterCommit(() => Tell(sent.Ref));
    }

    internal async Task FailedAsync(WriteSession session, string commandId, SendFailure failure, DateTime now)
    {
        if (await session.ExecuteAsync(Fail, ("now", now), ("failure", failure), ("command", commandId)) == 0) return;
        var key = await session.Db.WorkerSends.Where(s => s.CommandId == commandId).Select(s => s.SendKey).FirstAsync();
        session.AfterCommit(() => Tell(key));
    }

    internal async Task ReceiveAsync(WriteSession session, long numberId, MessagesReceived received, DateTime now)
    {
        await LearnAsync(session, received.Lids, now);
        var people = received.Messages.Where(m => IsPerson(m.Jid)).ToList();
        if (people.Count == 0) return;
        var lids = people.Where(m => m.Phone is null && IsLid(m.Jid)).Select(m => m.Jid).Distinct(StringComparer.Ordinal).ToList();
        var phones = lids.Count == 0
            ? []
            : await session.Db.LidPhones.AsNoTracking().Where(l => lids.Contains(l.Lid)).ToDictionaryAsync(l => l.Lid, l => l.Phone, StringComparer.Ordinal);
        var messages = people.ConvertAll(m => new InboundMessage(
            m.Id, AddressOf(m, phones), OutsideText.Mend(m.Name ?? ""), m.Type, OutsideText.Mend(m.Text ?? ""), m.At is { } at && at < now ? at : now, m.FromMe));
        await StoreAsync(session, numberId, new CarriedBatch(messages, []), now);
        // Typed on the phone itself: it is there.
        if (people.Where(m => m.FromMe).Select(m => m.At).Max() is { } typed && typed <= now)
            await session.ExecuteAsync(PhoneSeen, ("at", typed), ("due", typed + options.Value.PhoneReminder), ("number", numberId), ("before", typed - TimeSpan.FromHours(1)));
    }

    internal Task StatusAsync(WriteSession session, long numberId, MessageStatusReported status, DateTime now)
    {
        var word = status.Status switch
        {
            DeliveryStatus.Sent => MessageStatus.Sent,
            DeliveryStatus.Delivered => MessageStatus.Delivered,
            DeliveryStatus.Read => MessageStatus.Read,
            DeliveryStatus.Failed => MessageStatus.Failed,
        };
        return StoreAsync(session, numberId, new CarriedBatch([], [new InboundStatus(status.ProviderMessageId, word, status.At is { } at && at < now ? at : now, status.Error)]), now);
    }

    /// <summary>The two names of a person; the newest pair counts.</summary>
    internal static async Task LearnAsync(WriteSession session, IReadOnlyList<LidPair> lids, DateTime now)
    {
        foreach (var pair in lids.DistinctBy(l => l.Lid, StringComparer.Ordinal).OrderBy(l => l.Lid, StringComparer.Ordinal))
        {
            if (pair.Lid.Length > NumberConfiguration.LidLength || ClientRules.Phone(pair.Phone.Split('@')[0]) is not { } phone) continue;
            var rows = await session.Db.LidPhones.Where(l => l.Lid == pair.Lid).ExecuteUpdateAsync(set => set.SetProperty(l => l.Phone, phone).SetProperty(l => l.SeenAt, now));
            if (rows > 0) continue;
            session.Db.LidPhones.Add(new LidPhone { Lid = pair.Lid, Phone = phone, SeenAt = now });
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                throw new StaleReadException("lid");
            }
            session.Db.ChangeTracker.Clear();
        }
    }

    private async Task StoreAsync(WriteSession session, long numberId, CarriedBatch batch, DateTime now)
    {
        session.Db.WorkerInbound.Add(new WorkerInbound { NumberId = numberId, Batch = JsonSerializer.Serialize(batch), CreatedAt = now });
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
        session.AfterCommit(wake.Wake);
    }

    private void Tell(string key)
    {
        if (_waiting.TryGetValue(key, out var waiting)) waiting.TrySetResult();
    }

    /// <summary>Groups, broadcasts and newsletters are nobody's conversation.</summary>
    private static bool IsPerson(string jid) => !jid.Contains('@', StringComparison.Ordinal) || jid.EndsWith("@s.whatsapp.net", StringComparison.Ordinal) || jid.EndsWith("@c.us", StringComparison.Ordinal) || IsLid(jid);

    private static bool IsLid(string jid) => jid.EndsWith("@lid", StringComparison.Ordinal);

    /// <summary>The phone number wherever it is known; else WhatsApp's id, which can be answered too.</summary>
    private static string AddressOf(WorkerMessage message, Dictionary<string, string> phones)
    {
        if (message.Phone is { } phone && ClientRules.Phone(phone) is { } digits) return digits;
        if (phones.TryGetValue(message.Jid, out var known)) return known;
        return IsLid(message.Jid) ? message.Jid : message.Jid.Split('@')[0].Split(':')[0];
    }
}
