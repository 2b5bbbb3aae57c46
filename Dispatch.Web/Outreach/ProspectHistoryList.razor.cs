using Dispatch.Core.Conversations;
using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

public sealed partial class ProspectHistoryList
{
    [Parameter, EditorRequired]
    public IReadOnlyList<HistoryItem> Items { get; set; } = [];

    private string Icon(HistoryItem item) => item switch
    {
        ExecutedItem { Log.Status: ActionStatus.Success } => "send",
        ExecutedItem { Log.Status: ActionStatus.Uncertain } => "help",
        ExecutedItem => "error",
        CancelledItem => "cancel",
        MessageItem { Message.Direction: MessageDirection.In } or WroteItem => "call_received",
        MessageItem => "support_agent",
        StoppedItem => "block",
        _ => "person_add",
    };

    private static string Tone(HistoryItem item) => item switch
    {
        MessageItem { Message.Direction: MessageDirection.In } or WroteItem => "good",
        ExecutedItem { Log.Status: not ActionStatus.Success } or StoppedItem => "bad",
        CancelledItem => "ignored",
        _ => "",
    };

    private string Title(HistoryItem item) => item switch
    {
        ExecutedItem { Log: var l } => Words["History_" + l.Status, Say.Kind(l.Action)],
        CancelledItem { Action: var a } => Words["History_Cancelled", Say.Kind(a.Kind)],
        MessageItem { Message: { Direction: MessageDirection.In } } or WroteItem => Words["HeWrote"],
        MessageItem { Message.Sender: { } sender } => Words["History_Moderator", sender],
        MessageItem => Words["History_Phone"],
        StoppedItem => Words["Stage_Stopped"],
        _ => Words["History_Added"],
    };

    private string? Why(HistoryItem item) => item switch
    {
        ExecutedItem { Log: var l } => Say.Error(l.Error),
        CancelledItem { Action: var a } => Say.Error(a.Error),
        StoppedItem { Reason: var why } => Say.Stop(why),
        _ => null,
    };

    private static string? Text(HistoryItem item) => item switch
    {
        ExecutedItem { Text: { Length: > 0 } sent } => sent,
        MessageItem { Message: { Text: { Length: > 0 } text } } => text,
        MessageItem { Message: var m } => m.Type,
        _ => null,
    };
}
