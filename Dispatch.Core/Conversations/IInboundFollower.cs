using Dispatch.Core.Data;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Conversations;

/// <summary>Who has to know of inbound messages in the very transaction that stores them: what he writes there is committed with them or not at all.</summary>
public interface IInboundFollower
{
    /// <param name="messages">New ones only, in their order, of both directions.</param>
    Task StoredAsync(WriteSession session, IReadOnlyCollection<InboundMessage> messages, DateTime now);
}
