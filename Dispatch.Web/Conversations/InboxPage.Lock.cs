using Dispatch.Core.Live;
using Dispatch.Web.Locks;

namespace Dispatch.Web.Conversations;

/// <summary>The lock of the contact who is answered: with the open conversation it comes and goes.</summary>
public sealed partial class InboxPage
{
    private ComposerLock? _lock;
    private string? _lockTopic;

    private ComposerLock Lock => _lock ??= new ComposerLock(Orchestrator, Locks, Me, Clock);

    /// <summary>The open conversation may have become another one, or somebody else's.</summary>
    private async Task FollowLockAsync()
    {
        await Lock.OpenAsync(_model is { IsMine: true, Open: { } open } ? open.Id : null, Stopping);
        var topic = Lock.ContactId == 0 ? null : Topics.Contact(Lock.ContactId);
        if (topic == _lockTopic) return;
        if (_lockTopic is not null) Live?.Remove(_lockTopic);
        _lockTopic = topic;
        if (topic is not null) Live?.Add(topic);
    }

    private async Task TypingAsync(long conversationId)
    {
        if (conversationId == Lock.ConversationId && await Lock.TypingAsync(Stopping)) StateHasChanged();
    }
}
