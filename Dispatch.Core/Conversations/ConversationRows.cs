using Dispatch.Core.Moderators;

namespace Dispatch.Core.Conversations;

/// <summary>What a moderator wants to see of the own conversations. <see cref="Waiting"/>: the contact has no answer yet.</summary>
public enum InboxFilter { All, Unread, Waiting }

/// <summary>A conversation as a line of a list. Times are UTC; name and preview are text from outside.</summary>
public sealed record ConversationRow
{
    public required long Id { get; init; }
    public required long ContactId { get; init; }
    public required string ContactName { get; init; }
    public required string Address { get; init; }
    public required long ProfileId { get; init; }
    public required string ProfileName { get; init; }
    public required ConversationStatus Status { get; init; }
    public required long? OwnerId { get; init; }
    public required string? OwnerName { get; init; }
    public required DateTime? OwnerSince { get; init; }
    public required long OwnerVersion { get; init; }
    public required DateTime OpenedAt { get; init; }
    public required DateTime LastMessageAt { get; init; }
    public required string Preview { get; init; }
    public required MessageDirection LastDirection { get; init; }
    public required int Unread { get; init; }
    public required DateTime? WaitingSince { get; init; }

    /// <summary>The contact's name, or the number when the gateway knew no name.</summary>
    public string Title => ContactNames.Title(ContactName, Address);
}

/// <summary>How a contact is called on screens.</summary>
public static class ContactNames
{
    public static string Title(string name, string address) => string.IsNullOrWhiteSpace(name) ? Number(address) : name;

    /// <summary>Digits as an international number; any other provider id as it came.</summary>
    public static string Number(string address) => address.Length > 0 && address.All(char.IsAsciiDigit) ? "+" + address : address;
}

/// <summary>A conversation that waits for somebody.</summary>
/// <param name="Reason">Why nobody could be given it.</param>
/// <param name="Since">UTC: since when it is in the line.</param>
public sealed record WaitingRow(
    long Id, string ContactName, string Address, long ProfileId, string ProfileName, string Preview, int Messages, long OwnerVersion,
    DecisionReason Reason, DateTime Since, long ContactId)
{
    public string Title => ContactNames.Title(ContactName, Address);
}

/// <param name="Oldest">UTC: since when the first in the line waits; null: nobody waits.</param>
public sealed record WaitingCounts(int Waiting, DateTime? Oldest);

public sealed record WaitingList(IReadOnlyList<WaitingRow> Items, int Total);

/// <summary>Filter of the list of all conversations; null or empty: any.</summary>
/// <param name="Open">True: not closed; false: closed; null: both. Ignored when <paramref name="Status"/> is given.</param>
public sealed record ConversationFilter(
    ConversationStatus? Status = null, long? ProfileId = null, long? ModeratorId = null, string? Search = null, bool? Open = null);

public sealed record ConversationPage(IReadOnlyList<ConversationRow> Items, int Total);

/// <summary>A message of a thread. Text and type are from outside.</summary>
/// <param name="Error">A name of <see cref="Gateways.SendFailure"/> or a gateway's own code.</param>
/// <param name="Sender">Who wrote it here; null for the contact and for our own phone.</param>
public sealed record ThreadMessage(
    long Id, MessageDirection Direction, string Type, string Text, DateTime At, DateTime StoredAt, MessageStatus Status, DateTime StatusAt,
    string? Error, string? Sender, bool FromOutreach = false);

/// <summary>What happened to the conversation, for a line between its messages.</summary>
public sealed record ThreadEvent(
    long Id, DateTime At, ConversationEventKind Kind, ClaimCause Cause, DecisionReason Reason, long? ActorId, string? Actor, long? FromId, string? From,
    long? ToId, string? To, string? Note);

/// <summary>A stretch of a thread, oldest first.</summary>
public sealed record ThreadPage(IReadOnlyList<ThreadMessage> Messages, IReadOnlyList<ThreadEvent> Events, bool HasOlder)
{
    public static ThreadPage Empty { get; } = new([], [], false);

    /// <summary>This stretch with an older one put in front of it.</summary>
    public ThreadPage WithOlder(ThreadPage older) => new(
        [.. older.Messages, .. Messages], [.. older.Events.Concat(Events).DistinctBy(e => e.Id).OrderBy(e => e.Id)], older.HasOlder);
}

/// <summary>The contact's other conversations.</summary>
/// <param name="OwnerName">Who has it, or had it when it was closed.</param>
public sealed record PastConversation(
    long Id, string ProfileName, ConversationStatus Status, DateTime OpenedAt, DateTime? ClosedAt, string Preview, long? OwnerId, string? OwnerName);

public sealed record ContactCard(
    long Id, string Name, string Address, DateTime KnownSince, int Conversations, IReadOnlyList<PastConversation> Past)
{
    public string Title => ContactNames.Title(Name, Address);
}

/// <summary>The decision that put a conversation where it is.</summary>
public sealed record WhyDecision(ThreadEvent Event, IReadOnlyList<Candidate> Candidates);

/// <summary>A moderator as colleagues see him.</summary>
/// <param name="Allowed">May serve the profile that was asked about.</param>
public sealed record Colleague(
    long Id, string Name, PresenceState State, DateTime StateSince, int OpenCount, int MaxConversations, bool Allowed)
{
    /// <summary>A conversation may be given to this person now; the claim has the last word.</summary>
    public bool CanTake => State == PresenceState.Online && Allowed && OpenCount < MaxConversations;
}

/// <summary>A moderator's card on the board with what the person has.</summary>
public sealed record BoardCard(
    long Id, string Name, bool Enabled, PresenceState State, DateTime StateSince, int OpenCount, int MaxConversations,
    IReadOnlyList<ConversationRow> Conversations);

public sealed record NamedId(long Id, string Name);
