using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Web.Browser;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Conversations;

/// <summary>What Dispatch decided, in plain words of the person's language.</summary>
public sealed class Sentences(IStringLocalizer<Resources.Inbox> words, BrowserTime time)
{
    /// <summary>Why a wish did not come true; null: it did.</summary>
    /// <param name="contact">Who the conversation is with.</param>
    /// <param name="person">Whom it was to be given to; null: the reader himself.</param>
    public string? Refusal(ClaimOutcome outcome, string contact, string? person = null)
    {
        var me = person is null ? "_me" : "";
        return outcome.Result switch
        {
            ClaimResult.Done or ClaimResult.Unchanged => (string?)null,
            ClaimResult.Lost when outcome is { HeldByName: { } name, HeldSince: { } since } => words["Claim_Lost", contact, name, time.Short(since)],
            ClaimResult.Lost => words["Claim_LostToNobody", contact],
            ClaimResult.NotFound => words["Claim_NotFound"],
            ClaimResult.Closed => words["Claim_Closed", contact],
            ClaimResult.Superseded => words["Claim_Superseded", contact],
            ClaimResult.NotOwner when outcome.HeldByName is { } name => words["Claim_NotOwner", contact, name],
            ClaimResult.NotOwner => words["Claim_LostToNobody", contact],
            ClaimResult.NotPresent => words["Claim_NotPresent" + me, person ?? ""],
            ClaimResult.AtCapacity => words["Claim_AtCapacity" + me, person ?? ""],
            ClaimResult.NotAllowed => words["Claim_NotAllowed" + me, person ?? ""],
            ClaimResult.NotHolder when outcome.HeldByName is { } name => words["Claim_NotHolder", name],
            ClaimResult.NotHolder => words["Claim_ProfileFree"],
            ClaimResult.ProfilePaused => words["Claim_ProfilePaused"],
            ClaimResult.Disabled => words["Claim_Disabled" + me, person ?? ""],
            ClaimResult.Paced => words["Claim_Paced" + me, person ?? ""],
        };
    }

    /// <summary>Why an answer was not taken; null: it was.</summary>
    public string? Refusal(ReplyOutcome outcome) => outcome.Result switch
    {
        ReplyResult.Queued or ReplyResult.AlreadyQueued => (string?)null,
        ReplyResult.NotFound => words["Claim_NotFound"],
        ReplyResult.NotOwner => words["Reply_NotOwner", outcome.HeldByName ?? ""],
        ReplyResult.NoOwner => words["Reply_NoOwner"],
        ReplyResult.Closed => words["Reply_Closed"],
        ReplyResult.BadText => words["Reply_BadText", ReplyOutcome.MaxLength],
        ReplyResult.Locked or ReplyResult.StaleLock when outcome.Held is { } held =>
            words["Reply_Locked", held.ModeratorName, held.ProfileName, time.Exact(held.ExpiresAt, "T")],
        ReplyResult.Locked or ReplyResult.StaleLock => words["Reply_LockPassed"],
    };

    /// <summary>Who answers the contact at this moment; null: nobody else.</summary>
    public string? Held(LockInfo? held) =>
        held is null ? null : words["Lock_Held", held.ModeratorName, held.ProfileName, time.Exact(held.ExpiresAt, "T")].Value;

    public string Reason(DecisionReason reason) => words["Reason_" + reason];

    public string Verdict(Verdict verdict) => words["Verdict_" + verdict];

    public string Status(ConversationStatus status) => words["Conversation_" + status];

    public string Status(MessageStatus status) => words["Message_" + status];

    /// <summary>A last line; a message without text is stored as its type in brackets and shown by its name.</summary>
    public string Preview(string preview)
    {
        if (preview is not ['[', .. var type, ']']) return preview;
        return MessageKinds.Of(type) switch
        {
            MessageKind.Media => words["Type_" + type],
            MessageKind.Unsupported when type.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') => words["Unsupported", type],
            _ => preview,
        };
    }

    /// <summary>Why a message failed: a key of ours, or the gateway's own code.</summary>
    public string Failure(string? error)
    {
        if (string.IsNullOrEmpty(error)) return words["SendFailure_Refused"];
        return Enum.TryParse<SendFailure>(error, out var failure) && Enum.IsDefined(failure) ? words["SendFailure_" + failure] : words["SendFailure_Other", error];
    }

    /// <summary>A line between the messages.</summary>
    public string Event(ThreadEvent e)
    {
        var actor = e.Actor ?? words["Someone"];
        var from = e.From ?? words["Someone"];
        var to = e.To ?? words["Someone"];
        return e.Kind switch
        {
            ConversationEventKind.Opened => words["Event_Opened"],
            ConversationEventKind.Parked => words["Event_Parked", Reason(e.Reason)],
            ConversationEventKind.Returned => words["Event_Returned", actor],
            ConversationEventKind.Closed => words["Event_Closed", actor],
            ConversationEventKind.Reopened when e.ActorId is null => words["Event_ReopenedByContact"],
            ConversationEventKind.Reopened => words["Event_Reopened", actor],
            ConversationEventKind.NoteAdded => words["Event_Note", actor],
            ConversationEventKind.Assigned => e.Cause switch
            {
                ClaimCause.Take => words["Event_Take", to],
                ClaimCause.Transfer => words["Event_Transfer", actor, to],
                ClaimCause.Supervisor when e.FromId is not null => words["Event_Supervisor", actor, from, to],
                ClaimCause.Supervisor => words["Event_SupervisorAssigned", actor, to],
                ClaimCause.FailOver => words["Event_FailOver", from, to],
                _ => words["Event_Assigned", to, Reason(e.Reason)],
            },
        };
    }

    /// <summary>Why a conversation that somebody else had is the reader's now; null: it is a new one, or he took it himself.</summary>
    public string? Came(ThreadEvent? e, string contact) =>
        e is { Kind: ConversationEventKind.Assigned, FromId: not null } && e.Cause != ClaimCause.Take
            ? words[e.Cause is ClaimCause.Transfer or ClaimCause.Supervisor ? "Came_By" : "Came_From", contact, e.From ?? words["Someone"],
                e.Cause is ClaimCause.Transfer or ClaimCause.Supervisor ? e.Actor ?? words["Someone"] : Reason(e.Reason)].Value
            : null;

    /// <summary>What became of a conversation that the reader had a moment ago; null: he did it himself.</summary>
    public string? Gone(ThreadEvent? e, string contact, long me)
    {
        if (e is null) return words["Gone_Other", contact];
        if (e.ActorId == me) return null;
        var actor = e.Actor ?? words["Someone"];
        return e.Kind switch
        {
            ConversationEventKind.Closed => words["Gone_Closed", contact, actor],
            ConversationEventKind.Returned => words["Gone_Returned", contact, actor],
            ConversationEventKind.Assigned when e.Cause == ClaimCause.Supervisor => words["Gone_Moved", contact, e.To ?? "", actor],
            ConversationEventKind.Assigned => words["Gone_Went", contact, e.To ?? "", Reason(e.Reason)],
            _ => words["Gone_Other", contact],
        };
    }
}
