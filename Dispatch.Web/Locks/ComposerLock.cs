using Dispatch.Core.Conversations;
using Dispatch.Core.Locks;

namespace Dispatch.Web.Locks;

/// <summary>
/// The lock of the conversation that one page has open: taken when it is opened, longer while somebody types, shown when an answer is sent. It
/// ends by itself whatever becomes of the page; leaving the conversation only ends it sooner.
/// </summary>
public sealed class ComposerLock(DispatcherOrchestrator orchestrator, ProfileLockService locks, long me, TimeProvider clock)
{
    /// <summary>Typing is told to the database at most this often.</summary>
    public static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(8);

    private long _token;
    private long _asked;

    /// <summary>The last hold of this conversation; a later one than its next means that somebody had the contact in between.</summary>
    private long _last;
    private bool _passed;
    private int _turn;

    public long? ConversationId { get; private set; }

    /// <summary>0: none.</summary>
    public long ContactId { get; private set; }

    /// <summary>Who answers the contact, when that is somebody else; null: nobody or the reader.</summary>
    public LockInfo? Held { get; private set; }

    /// <summary>Another conversation is open now (null: none that the reader may answer).</summary>
    public async Task OpenAsync(long? conversationId, CancellationToken cancel)
    {
        if (conversationId == ConversationId) return;
        var turn = ++_turn;
        await LeaveAsync(cancel);
        // Somebody went on to the next one while this one was left.
        if (turn != _turn) return;
        ConversationId = conversationId;
        if (conversationId is not null) await TakeAsync(cancel);
    }

    /// <summary>The lock of what was open ends now instead of by itself.</summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        var (contact, token) = (ContactId, _token);
        (ConversationId, ContactId, Held, _token, _last, _passed) = (null, 0, null, 0, 0, false);
        if (token != 0) await locks.UnlockClientAsync(contact, token, cancel);
    }

    /// <summary>Somebody types. True: what is to be seen may have changed.</summary>
    public async Task<bool> TypingAsync(CancellationToken cancel)
    {
        if (ConversationId is null || (_asked != 0 && clock.GetElapsedTime(_asked) < TypingEvery)) return false;
        if (_token == 0) return await TakeAsync(cancel);
        _asked = clock.GetTimestamp();
        var outcome = await locks.ExtendLockAsync(LockKind.Client, ContactId, me, _token, cancel: cancel);
        // It ended while nobody typed: taken again if it is free.
        return !outcome.Succeeded && await TakeAsync(cancel);
    }

    /// <summary>The lock's state was signalled: look again.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        if (ContactId == 0) return;
        var (conversation, contact) = (ConversationId, ContactId);
        var held = await locks.GetLockInfoAsync(LockKind.Client, contact, cancel);
        // Another conversation was opened meanwhile: this answer is about somebody else.
        if (conversation != ConversationId || contact != ContactId) return;
        // Free again: the next key stroke takes it, however short ago the last try was.
        if (held is null && Held is not null) _asked = 0;
        Held = Other(held);
        // It was asked for and given: the hold is the reader's without his having taken it.
        if (held?.ModeratorId == me && held.Token != _token) await TakeAsync(cancel);
    }

    /// <summary>
    /// Sends under the lock. One that ran out while its holder was thinking is taken again, unless somebody else had the contact since: then he
    /// may have answered, and the writer should read that first.
    /// </summary>
    public Task<ReplyOutcome> SendAsync(long conversationId, string text, string effectKey, CancellationToken cancel) =>
        UnderLockAsync(conversationId, token => orchestrator.ReplyAsync(conversationId, me, text, effectKey, token, cancel), cancel);

    /// <summary>Sends a message that failed once more, under the lock as every answer.</summary>
    public Task<ReplyOutcome> RetryAsync(long conversationId, long messageId, CancellationToken cancel) =>
        UnderLockAsync(conversationId, token => orchestrator.RetryAsync(messageId, me, token, cancel), cancel);

    private async Task<ReplyOutcome> UnderLockAsync(long conversationId, Func<long?, Task<ReplyOutcome>> send, CancellationToken cancel)
    {
        if (conversationId != ConversationId) return await send(null);
        if (_token == 0) await TakeAsync(cancel);
        for (var again = false; ; again = true)
        {
            if (_passed)
            {
                // Said once: who sends again has read.
                _passed = false;
                return new ReplyOutcome(ReplyResult.StaleLock);
            }
            // Without a lock the store refuses and says who has it, or who has the conversation.
            var outcome = await send(_token == 0 ? null : _token);
            Held = Other(outcome.Held);
            if (outcome.Result != ReplyResult.StaleLock || Held is not null || again) return outcome;
            await TakeAsync(cancel);
        }
    }

    private async Task<bool> TakeAsync(CancellationToken cancel)
    {
        _asked = clock.GetTimestamp();
        var (before, conversation) = (Held, ConversationId!.Value);
        var answer = await orchestrator.BeginAnswerAsync(conversation, me, cancel);
        // Another conversation was opened meanwhile: this hold is not wanted any more.
        if (conversation != ConversationId)
        {
            if (answer.Lock.Succeeded && answer.ContactId != ContactId) await locks.UnlockClientAsync(answer.ContactId, answer.Lock.Token, cancel);
            return false;
        }
        (ContactId, _token, Held) = (answer.ContactId, answer.Lock.Token, Other(answer.Lock.Held));
        if (_token != 0)
        {
            _passed |= _last != 0 && _token > _last + 1;
            _last = _token;
        }
        return before != Held;
    }

    private LockInfo? Other(LockInfo? held) => held?.ModeratorId == me ? null : held;
}
