using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Web.Locks;

namespace Dispatch.Web.Conversations;

/// <summary>The lock of the contact who is answered, which comes and goes with the open conversation, and those of everybody else in the list.</summary>
public sealed partial class InboxPage
{
    private ComposerLock? _lock;
    private LockWatch? _locks;

    private ComposerLock Lock => _lock ??= new ComposerLock(Orchestrator, Locks, Me, Clock);

    /// <summary>Who answers the open conversation's contact. A refusal knows it before the list does.</summary>
    private LockInfo? OpenLock => _lock?.Held ?? (_model?.Open is { } open ? _locks?.On(open.ContactId) : null);

    /// <summary>Signals on the reader's topic that change nothing in the inbox: his place in the line, requests and conflicts, typing.</summary>
    private static bool IsOnlyForOthers(LiveEvent change) => LockWatch.Concerns(change) || change.Name is EventNames.Typing or EventNames.QueuePositionChanged
        or EventNames.UnlockRequested or EventNames.ConflictLogged or EventNames.PriorityDecided or EventNames.ProfileAssigned or EventNames.ProfileReleased;

    /// <summary>The open conversation may have become another one, or somebody else's.</summary>
    private async Task FollowLockAsync()
    {
        await Lock.OpenAsync(_model is { IsMine: true, Open: { } open } ? open.Id : null, Stopping);
        await ReadLocksAsync();
    }

    private Task ReadLocksAsync() => (_locks ??= new LockWatch(Locks)).ReadAsync(Live, _model!.Contacts.Append(Lock.ContactId), Stopping);

    private async Task RereadLocksAsync()
    {
        await Lock.RefreshAsync(Stopping);
        await ReadLocksAsync();
    }

    /// <summary>The reader asked again or was let in.</summary>
    private async Task LockMayBeMineAsync()
    {
        await RereadLocksAsync();
        if (Lock.Held is null) await Lock.TypingAsync(Stopping);
        await ReadLocksAsync();
    }

    private async Task TypingAsync(long conversationId)
    {
        if (conversationId != Lock.ConversationId) return;
        await Activity.RecordTypingActivityAsync(Me, conversationId, Stopping);
        if (await Lock.TypingAsync(Stopping)) StateHasChanged();
    }
}
