using Dispatch.Core.Conversations;

namespace Dispatch.Web.Api;

/// <summary>A conversation with its thread: the fields of the list, then messages (oldest first) and the decisions about it.</summary>
/// <param name="HasEarlierMessages">Ask again with <c>before</c> set to the first message's id.</param>
public sealed record ConversationAnswer(
    long Id, long ProfileId, ContactRecord Contact, ConversationStatus Status, long? OwnerId, string? OwnerName, DateTime? OwnerSince, long OwnerVersion,
    DateTime OpenedAt, DateTime? ClosedAt, DateTime LastMessageAt, int Unread, DateTime? WaitingSince, IReadOnlyList<MessageRecord> Messages,
    bool HasEarlierMessages, IReadOnlyList<DecisionRecord> Decisions)
{
    public static ConversationAnswer Of(ConversationDetails details)
    {
        var c = details.Conversation;
        return new(
            c.Id, c.ProfileId, c.Contact, c.Status, c.OwnerId, c.OwnerName, c.OwnerSince, c.OwnerVersion, c.OpenedAt, c.ClosedAt, c.LastMessageAt, c.Unread,
            c.WaitingSince, details.Messages, details.HasEarlier, details.Decisions);
    }
}
