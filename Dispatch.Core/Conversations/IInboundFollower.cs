using Dispatch.Core.Data;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Conversations;

/// <summary>A line of the thread that somebody else than its writer wrote, and that did not arrive.</summary>
/// <param name="Key">As <see cref="SentMessage.Key"/>.</param>
/// <param name="Error">In the gateway's words; null: it gave none.</param>
public sealed record LateFailure(string Key, string? Error);

/// <summary>Who has to know of inbound messages in the very transaction that stores them: what he writes there is committed with them or not at all.</summary>
public interface IInboundFollower
{
    /// <param name="messages">New ones only, in their order, of both directions.</param>
    Task StoredAsync(WriteSession session, IReadOnlyCollection<InboundMessage> messages, DateTime now);

    /// <summary>The gateway took these and says now that they did not arrive; their lines say so already.</summary>
    Task FailedAsync(WriteSession session, IReadOnlyCollection<LateFailure> failures, DateTime now);
}
