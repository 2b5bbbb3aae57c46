using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Dispatch.Core.Broker.Rabbit;

/// <summary>
/// Publishes with confirm, mandatory, persistent. Many may be on their way; a channel that a refused publish closed is replaced by a new one.
/// </summary>
internal sealed class RabbitPublisher(IConnection connection, bool fromDispatch) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private readonly Lock _sending = new();
    private IChannel? _channel;

    /// <summary>Null: the broker has it in a queue.</summary>
    public async Task<WaitReason?> PublishAsync(string exchange, string key, BusMessage message)
    {
        IChannel? channel = null;
        try
        {
            channel = await ChannelAsync();
            var properties = RabbitWire.Properties(message, fromDispatch);
            Task confirm;
            // The frames of one after those of the other. No token: cancelling a publish breaks the library's count of confirms (its issue 1900).
            lock (_sending) confirm = channel.BasicPublishAsync(exchange, key, mandatory: true, properties, message.Body, CancellationToken.None).AsTask();
            await confirm.WaitAsync(RabbitWire.Patience, TimeProvider.System);
            return null;
        }
        catch (PublishException e)
        {
            return e.IsReturn ? WaitReason.Unroutable : WaitReason.NotConfirmed;
        }
        catch (TimeoutException) when (channel is not null)
        {
            // Whatever is still on its way there is of unknown fate; the next one starts on a channel whose count is right.
            await RabbitWire.CloseAsync(channel);
            return WaitReason.NotConfirmed;
        }
        catch (Exception e) when (RabbitWire.IsLost(e))
        {
            return connection.IsOpen ? WaitReason.NotConfirmed : WaitReason.BrokerDown;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null) await RabbitWire.CloseAsync(_channel);
    }

    private async ValueTask<IChannel> ChannelAsync()
    {
        if (Volatile.Read(ref _channel) is { IsOpen: true } open) return open;
        await _opening.WaitAsync();
        try
        {
            if (_channel is { IsOpen: true }) return _channel;
            var channel = await RabbitWire.OpenConfirmingAsync(connection);
            Volatile.Write(ref _channel, channel);
            return channel;
        }
        finally
        {
            _opening.Release();
        }
    }
}
