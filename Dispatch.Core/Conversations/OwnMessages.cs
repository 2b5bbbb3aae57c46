using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>
/// A gateway that shows our own messages in the chat also answers what became of one whose sender got no answer. It is found by its conversation and text, which is all that is known of it
/// on both sides.
/// </summary>
public sealed class OwnMessages(Database database)
{
    /// <summary>True: it is a message of Dispatch, which is Sent by now and has its id. False: it was written elsewhere.</summary>
    public async Task<bool> RecognizeAsync(long channelId, string address, string text, string providerId, DateTime at, CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            if (await db.Messages.AnyAsync(m => m.ChannelId == channelId && m.ProviderMessageId == providerId, cancel)) return true;
            if (!await Open(db, channelId, address).AnyAsync(cancel)) return false;
        }
        return await database.WriteAsync(async session =>
        {
            var open = await Open(session.Db, channelId, address).OrderBy(m => m.Id).Select(m => new { m.Id, m.ConversationId, m.Text }).Take(50).ToListAsync();
            foreach (var one in open.Where(m => OutsideText.IsSame(m.Text, text)))
            {
                var rows = await Open(session.Db, channelId, address).Where(m => m.Id == one.Id).ExecuteUpdateAsync(set => set
                    .SetProperty(m => m.Status, MessageStatus.Sent).SetProperty(m => m.StatusAt, at).SetProperty(m => m.ProviderMessageId, providerId).SetProperty(m => m.Error, (string?)null));
                if (rows == 0) continue;
                await ReplyStore.ApplyEarlyAsync(session, channelId, providerId);
                session.Publish(Topics.Conversation(one.ConversationId), EventNames.MessageStatus, one.ConversationId);
                session.Publish(Topics.Board, EventNames.MessageStatus, one.ConversationId);
                return true;
            }
            return false;
        }, cancel);
    }

    private static IQueryable<Message> Open(DispatchDb db, long channelId, string address) =>
        db.Messages.Where(m => m.ChannelId == channelId && m.Direction == MessageDirection.Out && m.ProviderMessageId == null
            // Those of outreach go with their action, which knows better.
            && (m.EffectKey == null || !m.EffectKey.StartsWith(SentElsewhere.KeyPrefix))
            && new[] { MessageStatus.Sending, MessageStatus.Uncertain, MessageStatus.Sent }.Contains(m.Status)
            && db.Conversations.Any(c => c.Id == m.ConversationId && db.Contacts.Any(k => k.Id == c.ContactId && k.Address == address)));
}
