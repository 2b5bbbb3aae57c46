using System.Collections.Concurrent;
using Dispatch.Core.Gateways;

namespace Dispatch.Tests.Support;

/// <summary>Keeps what was sent and answers what the test wants; without a word from the test every message is accepted.</summary>
/// <param name="prefix">Of the ids it gives out; two nodes speak to one gateway, which never gives an id twice.</param>
public sealed class RecordingGateway(string prefix = "sent") : IMessageGateway, IInvitationGateway
{
    private int _number;

    public ConcurrentQueue<OutboundMessage> Sent { get; } = new();

    /// <summary>Runs for each message in place of the plain acceptance: refuse, throw, or hold the call open.</summary>
    public Func<OutboundMessage, CancellationToken, Task<SendResult>>? OnSend { get; set; }

    public ChannelProvider Provider => ChannelProvider.Simulator;

    public Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        Sent.Enqueue(message);
        return OnSend is { } answer ? answer(message, cancel) : Task.FromResult(SendResult.Sent(NextId()));
    }

    public ConcurrentQueue<OutboundMessage> Invited { get; } = new();

    /// <summary>Runs for each invitation in place of the plain acceptance.</summary>
    public Func<OutboundMessage, SendResult>? OnInvite { get; set; }

    /// <summary>What the gateway says of an invitation whose sender died.</summary>
    public LookupResult Found { get; set; } = new(null);

    public ValueTask<bool> IsNeededAsync(long channelId, string address, CancellationToken cancel) => ValueTask.FromResult(!address.All(char.IsAsciiDigit));

    public Task<SendResult> InviteAsync(OutboundMessage invitation, CancellationToken cancel)
    {
        Invited.Enqueue(invitation);
        return Task.FromResult(OnInvite is { } answer ? answer(invitation) : SendResult.Sent(NextId()));
    }

    public Task<LookupResult> FindInvitationAsync(OutboundMessage invitation, DateTime since, CancellationToken cancel) => Task.FromResult(Found);

    public string NextId() => $"{prefix}-{Interlocked.Increment(ref _number)}";
}
