namespace Dispatch.Core.Gateways.Simulation;

/// <summary>The way out of a simulated channel: always takes the message; ticks and answers come back through <see cref="Simulator"/>.</summary>
public sealed class SimulatorGateway(SimulatedWorld world, SimulatedDrivers drivers, TimeProvider clock) : IMessageGateway
{
    public ChannelProvider Provider => ChannelProvider.Simulator;

    public Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel) =>
        Task.FromResult(SendResult.Sent(SimulatedDrivers.Knows(message.Address)
            ? drivers.Sent(message.ChannelKey, message.Address, message.Text, clock.GetUtcNow().UtcDateTime)
            : world.Sent(message.ChannelKey, message.Address, message.Text, clock.GetUtcNow().UtcDateTime)));
}
