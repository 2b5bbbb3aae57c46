using Dispatch.Core.Conversations;

namespace Dispatch.Core.Gateways;

/// <summary>A message as every gateway adapter hands it over.</summary>
/// <param name="ProviderId">The gateway's id; with the channel it makes the message unique.</param>
/// <param name="Address">The contact: digits of the phone number, or the provider's own id.</param>
/// <param name="At">UTC, by the gateway's clock.</param>
/// <param name="FromUs">Written on our own phone: shown in the thread, never assigned.</param>
public sealed record InboundMessage(string ProviderId, string Address, string Name, string Type, string Text, DateTime At, bool FromUs = false);

/// <summary>News of a message we sent.</summary>
public sealed record InboundStatus(string ProviderId, MessageStatus Status, DateTime At, string? Error = null);

/// <summary>One webhook call's worth.</summary>
public sealed record InboundBatch(long ChannelId, long ProfileId, IReadOnlyList<InboundMessage> Messages, IReadOnlyList<InboundStatus> Statuses)
{
    /// <summary>Where in a trace the call stands; default: nobody traces.</summary>
    public System.Diagnostics.ActivityContext Cause { get; init; }
}

/// <summary>What became of a batch; counted per message.</summary>
public sealed record InboundResult(int Stored, int Duplicates, int Ignored, int StatusesApplied);
