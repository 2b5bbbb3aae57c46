using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>The rows of outbound messages and their guarded steps: Queued, Sending, then Sent, Failed or Uncertain.</summary>
internal static class ReplyStore
{
    /// <summary>Stores an answer if its writer has the conversation and the contact's lock, both asked by the statements that change them.</summary>
    public static async Task<ReplyOutcome> AddAsync(WriteSession session, ProfileLockService locks, NewReply reply, DateTime now)
    {
        var effectKey = reply.EffectKey;
        if (effectKey is not null && await session.Db.Messages.Where(m => m.EffectKey == effectKey).Select(m => (long?)m.Id).FirstOrDefaultAsync() is { } known)
            return new ReplyOutcome(ReplyResult.AlreadyQueued, known);

        Answered? conversation = null;
        ReplyOutcome? refused = null;
        // Refused at the lock, the conversation must not look answered.
        if (!await session.TryAsync(async () =>
            {
                (conversation, refused) = await AnswerAsync(session, locks, reply, now);
                return refused is null;
            }))
        {
            if (refused!.Held is { } held) await LockStore.LogAsync(session, held, conversation!.ProfileId, reply.SenderId ?? conversation.OwnerId ?? 0, now);
            return refused;
        }

        var message = new Message
        {
            ConversationId = reply.ConversationId, ChannelId = conversation!.ChannelId, Direction = MessageDirection.Out, Type = "text", Text = reply.Text!,
            At = now, StoredAt = now, Status = MessageStatus.Queued, StatusAt = now, EffectKey = effectKey, SenderId = conversation.OwnerId,
        };
        session.Db.Messages.Add(message);
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // The same effect key on another node; done again, the read above finds it.
            throw new StaleReadException("effect key");
        }
        session.Publish(Topics.Conversation(reply.ConversationId), EventNames.MessageStatus, reply.ConversationId);
        session.Publish(Topics.Moderator(conversation.OwnerId!.Value), EventNames.Changed, reply.ConversationId);
        session.Publish(Topics.Board, EventNames.Changed, reply.ConversationId);
        return new ReplyOutcome(ReplyResult.Queued, message.Id);
    }

    private static async Task<(Answered? Conversation, ReplyOutcome? Refused)> AnswerAsync(
        WriteSession session, ProfileLockService locks, NewReply reply, DateTime now)
    {
        // Ownership is checked by the statement that records the answer: a transfer a millisecond earlier wins. No sender: the owner speaks.
        var (id, sender) = (reply.ConversationId, reply.SenderId);
        var owned = session.Db.Conversations.Where(c => c.Id == id && c.OwnerId != null && (sender == null || c.OwnerId == sender));
        var answered = 0;
        if (reply.Text is null)
        {
            // An old message leaves late: it answers nothing that was asked since. Its owner is kept all the same until the end of the transaction.
            answered = await owned.ExecuteUpdateAsync(set => set.SetProperty(c => c.OwnerVersion, c => c.OwnerVersion));
        }
        else
        {
            var preview = InboundStore.Preview(reply.Text);
            answered = await owned.ExecuteUpdateAsync(set => set
                .SetProperty(c => c.LastMessageAt, now).SetProperty(c => c.LastMessagePreview, preview)
                .SetProperty(c => c.LastMessageDirection, MessageDirection.Out)
                .SetProperty(c => c.WaitingSince, (DateTime?)null).SetProperty(c => c.UnreadCount, 0));
        }
        var conversation = await session.Db.Conversations.AsNoTracking().Where(c => c.Id == id)
            .Select(c => new Answered(
                c.OwnerId, c.Status, c.ContactId, c.ProfileId, session.Db.Profiles.Where(p => p.Id == c.ProfileId).Select(p => p.ChannelId).First(),
                session.Db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault()))
            .FirstOrDefaultAsync();
        if (conversation is null) return (null, new ReplyOutcome(ReplyResult.NotFound));
        if (conversation.Status == ConversationStatus.Closed) return (conversation, new ReplyOutcome(ReplyResult.Closed));
        if (conversation.OwnerId is not { } owner) return (conversation, new ReplyOutcome(ReplyResult.NoOwner));
        if (answered == 0) return (conversation, new ReplyOutcome(ReplyResult.NotOwner, 0, conversation.Owner));

        var pass = await locks.PassAsync(session, conversation.ContactId, conversation.ProfileId, owner, reply.LockToken, now);
        return pass.Result switch
        {
            LockResult.Taken => (conversation, null),
            LockResult.HeldByOther => (conversation, new ReplyOutcome(ReplyResult.Locked, Held: pass.Held)),
            LockResult.Ended => (conversation, new ReplyOutcome(ReplyResult.StaleLock, Held: pass.Held)),
            // Its owner was disabled a moment ago; the conversation is about to be given to somebody else.
            _ => (conversation, new ReplyOutcome(ReplyResult.NoOwner)),
        };
    }

    /// <summary>
    /// A message that did not leave is to leave after all: asked for what a new answer is asked for, because to the contact it is one.
    /// <see cref="ReplyResult.AlreadyQueued"/>: it did not fail, or somebody was faster. What outreach sent is never sent from here: its action says what may become of it.
    /// </summary>
    public static async Task<(ReplyOutcome Outcome, long ConversationId)> RequeueAsync(
        WriteSession session, ProfileLockService locks, long messageId, long? actorId, long? lockToken, DateTime now)
    {
        var id = await session.Db.Messages.Where(m => m.Id == messageId && m.Direction == MessageDirection.Out).Select(m => (long?)m.ConversationId).FirstOrDefaultAsync();
        if (id is not { } conversationId) return (new ReplyOutcome(ReplyResult.NotFound), 0);
        var reply = new NewReply(conversationId, actorId, null, null, lockToken);
        Answered? conversation = null;
        ReplyOutcome? refused = null;
        var queued = await session.TryAsync(async () =>
        {
            (conversation, refused) = await AnswerAsync(session, locks, reply, now);
            return refused is null && await session.Db.Messages
                .Where(m => m.Id == messageId && (m.Status == MessageStatus.Failed || m.Status == MessageStatus.Uncertain)
                    && (m.EffectKey == null || !m.EffectKey.StartsWith(SentElsewhere.KeyPrefix)))
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, MessageStatus.Queued).SetProperty(m => m.StatusAt, now).SetProperty(m => m.Error, (string?)null)) == 1;
        });
        if (refused?.Held is { } held) await LockStore.LogAsync(session, held, conversation!.ProfileId, actorId ?? conversation.OwnerId ?? 0, now);
        if (!queued) return (refused ?? new ReplyOutcome(ReplyResult.AlreadyQueued, messageId), conversationId);
        session.Publish(Topics.Conversation(conversationId), EventNames.MessageStatus, conversationId);
        session.Publish(Topics.Board, EventNames.MessageStatus, conversationId);
        return (new ReplyOutcome(ReplyResult.Queued, messageId), conversationId);
    }

    /// <summary>Queued to Sending; null: somebody else sends it, it is no longer to be sent, or an earlier one of the conversation has been on its way since after <paramref name="inOrderSince"/>.</summary>
    public static async Task<OutboundMessage?> StartAsync(WriteSession session, long messageId, DateTime now, DateTime inOrderSince)
    {
        // Two answers of one conversation are told to two nodes: the second must not overtake the first. The first condition on the status is that of the partial index.
        var started = await session.Db.Messages.Where(m => m.Id == messageId && m.Status == MessageStatus.Queued
                && !session.Db.Messages.Any(e => new[] { MessageStatus.Queued, MessageStatus.Sending }.Contains(e.Status) && e.ConversationId == m.ConversationId && e.Id < m.Id
                    && e.StatusAt > inOrderSince && e.Status == MessageStatus.Sending))
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, MessageStatus.Sending).SetProperty(m => m.StatusAt, now));
        if (started == 0) return null;
        return await (from m in session.Db.Messages
                      join c in session.Db.Conversations on m.ConversationId equals c.Id
                      join contact in session.Db.Contacts on c.ContactId equals contact.Id
                      join channel in session.Db.Channels on m.ChannelId equals channel.Id
                      where m.Id == messageId
                      select new OutboundMessage(m.Id, c.Id, channel.Id, channel.Key, channel.Provider, channel.ProtectedToken, contact.Address, m.Text))
            .FirstAsync();
    }

    /// <summary>Nothing was called: it waits again, unless somebody took it for lost meanwhile.</summary>
    public static Task<int> GiveBackAsync(WriteSession session, long messageId, DateTime started) =>
        session.Db.Messages.Where(m => m.Id == messageId && m.Status == MessageStatus.Sending && m.StatusAt == started)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, MessageStatus.Queued));

    public static async Task FinishAsync(WriteSession session, OutboundMessage message, SendResult result, DateTime now)
    {
        var status = result.Failure switch
        {
            null => MessageStatus.Sent,
            SendFailure.Unknown => MessageStatus.Uncertain,
            _ => MessageStatus.Failed,
        };
        var error = result.Failure?.ToString();
        if (result.ProviderId is not null) await AbsorbEchoAsync(session, message.Id, message.ChannelId, result.ProviderId);
        await session.Db.Messages.Where(m => m.Id == message.Id && m.Status == MessageStatus.Sending)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, status).SetProperty(m => m.StatusAt, now)
                .SetProperty(m => m.ProviderMessageId, result.ProviderId).SetProperty(m => m.Error, error));
        if (result.ProviderId is not null) await ApplyEarlyAsync(session, message.ChannelId, result.ProviderId);
        if (result.Failure == SendFailure.ChannelNotAuthorized)
        {
            await session.Db.Channels.Where(c => c.Id == message.ChannelId && c.Status == ChannelStatus.Active)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, ChannelStatus.NeedsAuthorization).SetProperty(c => c.StatusSince, now));
        }
        else if (result.Failure is null)
        {
            await session.Db.Channels.Where(c => c.Id == message.ChannelId && c.Status == ChannelStatus.NeedsAuthorization)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, ChannelStatus.Active).SetProperty(c => c.StatusSince, now));
        }
        session.Publish(Topics.Conversation(message.ConversationId), EventNames.MessageStatus, message.ConversationId);
        session.Publish(Topics.Board, EventNames.MessageStatus, message.ConversationId);
    }

    /// <summary>A conversation given back while its contact waits for an answer waits visibly: its unanswered messages are parked.</summary>
    public static async Task ParkUnansweredAsync(WriteSession session, SeenConversation seen, DecisionReason reason, DateTime now)
    {
        var lastOut = await session.Db.Messages.Where(m => m.ConversationId == seen.Id && m.Direction == MessageDirection.Out).MaxAsync(m => (long?)m.Id) ?? 0;
        var unanswered = await session.Db.Messages.Where(m => m.ConversationId == seen.Id && m.Id > lastOut).OrderBy(m => m.Id).Select(m => m.Id).ToListAsync();
        if (unanswered.Count == 0)
        {
            // Answered, yet somebody has to have it: its last message stands for it.
            unanswered = await session.Db.Messages.Where(m => m.ConversationId == seen.Id).OrderByDescending(m => m.Id).Select(m => m.Id).Take(1).ToListAsync();
        }
        await InboundStore.ParkAsync(session, [.. unanswered.Select(m => (seen.Id, seen.ProfileId, m))], reason, now);
    }

    /// <summary>
    /// A gateway delivers what left through its API back to the webhook, at times before it answers: then our message is there twice, and
    /// the echo has the provider's id. It goes; what it stood for in the line is our message.
    /// </summary>
    internal static async Task AbsorbEchoAsync(WriteSession session, long messageId, long channelId, string providerId)
    {
        var echo = await session.Db.Messages
            .Where(m => m.ChannelId == channelId && m.ProviderMessageId == providerId && m.Id != messageId
                && m.Direction == MessageDirection.Out && m.SenderId == null)
            .Select(m => (long?)m.Id).FirstOrDefaultAsync();
        if (echo is null) return;
        await session.Db.PendingMessages.Where(p => p.MessageId == echo && !session.Db.PendingMessages.Any(o => o.MessageId == messageId))
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.MessageId, messageId));
        await session.Db.PendingMessages.Where(p => p.MessageId == echo).ExecuteDeleteAsync();
        await session.Db.Messages.Where(m => m.Id == echo).ExecuteDeleteAsync();
    }

    internal static async Task ApplyEarlyAsync(WriteSession session, long channelId, string providerId)
    {
        var early = await session.Db.EarlyStatuses.AsNoTracking().Where(s => s.ChannelId == channelId && s.ProviderMessageId == providerId)
            .OrderBy(s => s.At).ThenBy(s => s.Id).ToListAsync();
        if (early.Count == 0) return;
        foreach (var status in early)
            await InboundStore.ApplyStatusAsync(session, channelId, new InboundStatus(providerId, status.Status, status.At, status.Error));
        await session.Db.EarlyStatuses.Where(s => s.ChannelId == channelId && s.ProviderMessageId == providerId).ExecuteDeleteAsync();
    }

    private sealed record Answered(long? OwnerId, ConversationStatus Status, long ContactId, long ProfileId, long ChannelId, string? Owner);
}

/// <summary>An answer to be stored.</summary>
/// <param name="SenderId">Null: the owner speaks.</param>
/// <param name="Text">Null: a message that is stored already is sent again.</param>
/// <param name="EffectKey">Null: every call is a new message.</param>
/// <param name="LockToken">The hold that has to last; null: the lock is taken if it is free.</param>
internal sealed record NewReply(long ConversationId, long? SenderId, string? Text, string? EffectKey, long? LockToken);
