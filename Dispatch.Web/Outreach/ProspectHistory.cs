using Dispatch.Core.Conversations;
using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>One line of a prospect's history. <paramref name="At"/> is UTC.</summary>
public abstract record HistoryItem(DateTime At, string Key);

/// <summary>He was added.</summary>
public sealed record AddedItem(DateTime At) : HistoryItem(At, "added");

/// <summary>Something was executed, with the text as it left.</summary>
public sealed record ExecutedItem(LogRow Log, string? Text) : HistoryItem(Log.At, $"l{Log.Id}");

/// <summary>Something that was planned will not be sent.</summary>
public sealed record CancelledItem(ActionRow Action) : HistoryItem(Action.FinishedAt ?? Action.CreatedAt, $"c{Action.Id}");

/// <summary>A message of the conversation: his, or a moderator's.</summary>
public sealed record MessageItem(ProspectMessage Message) : HistoryItem(Message.At, $"m{Message.Id}");

/// <summary>He wrote, where no conversation is there to show what.</summary>
public sealed record WroteItem(DateTime At) : HistoryItem(At, "wrote");

public sealed record StoppedItem(DateTime At, StopReason Reason) : HistoryItem(At, "stopped");

/// <summary>Executions, messages and turns in one line. Pure.</summary>
public static class ProspectHistory
{
    /// <summary>The newest first.</summary>
    public static IReadOnlyList<HistoryItem> Build(ProspectDetails details)
    {
        var texts = details.Actions.ToDictionary(a => a.Id, a => a.Content);
        var items = new List<HistoryItem> { new AddedItem(details.Prospect.CreatedAt) };
        items.AddRange(details.Log.Select(l => new ExecutedItem(l, l.Status == ActionStatus.Success ? texts.GetValueOrDefault(l.ActionId) : null)));
        items.AddRange(details.Actions.Where(a => a.Status == ActionStatus.Cancelled).Select(a => new CancelledItem(a)));
        items.AddRange(details.Messages.Select(m => new MessageItem(m)));
        if (details.Prospect.LastInboundAt is { } wrote && !details.Messages.Any(m => m.Direction == MessageDirection.In)) items.Add(new WroteItem(wrote));
        if (details is { StoppedAt: { } stopped, Prospect.StopReason: { } why }) items.Add(new StoppedItem(stopped, why));
        // In one instant: he wrote, what came of it, what stopped.
        return [.. items.OrderBy(i => i.At).ThenBy(i => i switch { AddedItem => 0, MessageItem or WroteItem => 1, ExecutedItem => 2, CancelledItem => 3, _ => 4 }).Reverse()];
    }

    /// <summary>What is not through yet, in the order in which it leaves.</summary>
    public static IReadOnlyList<ActionRow> Open(ProspectDetails details) =>
        [.. details.Actions.Where(a => a.Status is not (ActionStatus.Success or ActionStatus.Cancelled)).OrderBy(a => a.DueAt).ThenBy(a => a.Id)];
}
