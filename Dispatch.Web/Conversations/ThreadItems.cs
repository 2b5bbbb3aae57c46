using Dispatch.Core.Conversations;

namespace Dispatch.Web.Conversations;

/// <summary>A line of a thread as it is drawn.</summary>
public abstract record ThreadItem;

public sealed record DayItem(DateOnly Day) : ThreadItem;

/// <summary>From here on the reader has not looked.</summary>
public sealed record UnreadItem(int Count) : ThreadItem;

public sealed record EventItem(ThreadEvent Event) : ThreadItem;

/// <param name="First">Begins a group: says who speaks.</param>
/// <param name="Last">Ends a group: says when.</param>
public sealed record MessageItem(ThreadMessage Message, bool First, bool Last) : ThreadItem;

/// <summary>Pure: messages and events in the order of what happened, with days, groups and the unread line between them.</summary>
public static class ThreadItems
{
    private static readonly TimeSpan GroupGap = TimeSpan.FromMinutes(5);

    /// <param name="firstUnread">The first message that was not seen when the thread was opened (<see cref="FirstUnread"/>); null: all were.</param>
    /// <param name="toLocal">UTC to the reader's zone: a day is his day.</param>
    public static IReadOnlyList<ThreadItem> Build(ThreadPage page, long? firstUnread, Func<DateTime, DateTime> toLocal)
    {
        var items = new List<ThreadItem>(page.Messages.Count + page.Events.Count + 8);
        var events = new Queue<ThreadEvent>(page.Events);
        DateOnly? day = null;
        ThreadMessage? before = null;
        foreach (var message in page.Messages)
        {
            while (events.TryPeek(out var next) && IsBefore(next, message))
            {
                AddDay(items, ref day, toLocal(next.At));
                items.Add(new EventItem(events.Dequeue()));
                before = null;
            }
            if (AddDay(items, ref day, toLocal(message.At))) before = null;
            if (message.Id == firstUnread)
            {
                items.Add(new UnreadItem(page.Messages.SkipWhile(m => m.Id != firstUnread).Count(m => m.Direction == MessageDirection.In)));
                before = null;
            }
            var continues = before is not null && before.Direction == message.Direction && before.Sender == message.Sender && message.At - before.At < GroupGap;
            if (continues) items[^1] = (MessageItem)items[^1] with { Last = false };
            items.Add(new MessageItem(message, First: !continues, Last: true));
            before = message;
        }
        foreach (var rest in events)
        {
            AddDay(items, ref day, toLocal(rest.At));
            items.Add(new EventItem(rest));
        }
        return items;
    }

    /// <summary>Opening and message share an instant: opened comes before its message, a decision about it after.</summary>
    private static bool IsBefore(ThreadEvent e, ThreadMessage message) =>
        e.At < message.StoredAt || (e.At == message.StoredAt && e.Kind is ConversationEventKind.Opened or ConversationEventKind.Reopened && e.ActorId is null);

    /// <summary>The first of so many inbound messages at the end. Asked for once, at the opening: what comes later stands below the line.</summary>
    public static long? FirstUnread(IReadOnlyList<ThreadMessage> messages, int unread)
    {
        if (unread <= 0) return null;
        var left = unread;
        for (var i = messages.Count - 1; i >= 0; i--)
        {
            if (messages[i].Direction == MessageDirection.In && --left == 0) return messages[i].Id;
        }
        return null;
    }

    private static bool AddDay(List<ThreadItem> items, ref DateOnly? day, DateTime local)
    {
        var its = DateOnly.FromDateTime(local);
        if (its <= day) return false;
        day = its;
        items.Add(new DayItem(its));
        return true;
    }
}
