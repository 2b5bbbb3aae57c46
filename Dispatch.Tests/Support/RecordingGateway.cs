using System.Collections.Concurrent;
using Dispatch.Core.Gateways;

namespace Dispatch.Tests.Support;

/// <summary>Keeps what was sent and answers what the test wants; without a word from the test every message is accepted.</summary>
/// <param name="prefix">Of the ids it gives out; two nodes speak to one gateway, which never gives an id twice.</param>
public sealed class RecordingGateway(string prefix = "sent") : IMessageGateway
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

    public string NextId() => $"{prefix}-{Interlocked.Increment(ref _number)}";
}
