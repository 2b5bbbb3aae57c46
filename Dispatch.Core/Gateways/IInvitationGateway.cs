namespace Dispatch.Core.Gateways;

/// <summary>A gateway on whose networks one writes only to whom one is connected with.</summary>
public interface IInvitationGateway
{
    ChannelProvider Provider { get; }

    /// <summary>Whether somebody is to be invited before he can be written to. Answered by what is known here; the gateway is not called.</summary>
    /// <param name="channelId">The account's channel.</param>
    ValueTask<bool> IsNeededAsync(long channelId, string address, CancellationToken cancel);

    /// <summary>Invites the address with the message's text as its note; empty: none. Never throws for what a gateway may answer.</summary>
    Task<SendResult> InviteAsync(OutboundMessage invitation, CancellationToken cancel);

    /// <summary>Whether an invitation left whose sender died on the way.</summary>
    Task<LookupResult> FindInvitationAsync(OutboundMessage invitation, DateTime since, CancellationToken cancel);
}
