using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dispatch.Core.Telemetry;

namespace Dispatch.Core.Gateways;

/// <summary>How the calls on one channel go, as this process sees it.</summary>
/// <param name="Unanswered">Calls in a row that brought no answer: not reached, broken on the way, or refused for no reason of the message.</param>
/// <param name="Since">Since when it goes so; the start of the first of them.</param>
/// <param name="Waiting">How long the oldest call that is on its way has been; zero: none is.</param>
public sealed record GatewayView(long ChannelId, int Unanswered, DateTime? Since, TimeSpan Waiting);

/// <summary>
/// Every message to a gateway goes past here: counted, timed, traced, and remembered per channel, so that a gateway that froze is known before its calls time out.
/// </summary>
public sealed class GatewayWatch(TimeProvider clock)
{
    private static readonly Meter Meter = new("Dispatch.Gateways");
    private static readonly Counter<long> Calls = Meter.CreateCounter<long>("dispatch.gateway.calls", description: "Messages handed to a gateway, by provider and what it said");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram(
        "dispatch.gateway.call.duration", "s", "How long a gateway took to answer", tags: null, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40] });

    private readonly ConcurrentDictionary<long, Channel> _channels = new();

    /// <summary>Hands the message over. Throws what the gateway throws.</summary>
    public Task<SendResult> SendAsync(IMessageGateway gateway, OutboundMessage message, TimeSpan? limit, CancellationToken cancel) =>
        SendAsync(message, () => gateway.SendTextAsync(message, cancel), limit);

    /// <summary>The same for another call of a gateway about a message (an invitation).</summary>
    public async Task<SendResult> SendAsync(OutboundMessage message, Func<Task<SendResult>> call, TimeSpan? limit)
    {
        using var activity = Traces.Source.StartActivity(Traces.Send, ActivityKind.Client);
        activity?.SetTag("dispatch.channel.id", message.ChannelId).SetTag("dispatch.message.id", message.Id).SetTag("dispatch.provider", message.Provider.ToString());
        var provider = new KeyValuePair<string, object?>("provider", message.Provider.ToString().ToLowerInvariant());
        var channel = _channels.GetOrAdd(message.ChannelId, _ => new Channel());
        var start = clock.GetTimestamp();
        var begun = channel.Begin(clock.GetUtcNow().UtcDateTime);
        SendFailure? failure = SendFailure.Unknown;
        try
        {
            var sending = call();
            var result = await (limit is { } most ? sending.WaitAsync(most, TimeProvider.System, CancellationToken.None) : sending);
            failure = result.Failure;
            return result;
        }
        finally
        {
            channel.End(begun, failure);
            var said = failure?.ToString().ToLowerInvariant() ?? "sent";
            Calls.Add(1, provider, new KeyValuePair<string, object?>("result", said));
            Durations.Record(clock.GetElapsedTime(start).TotalSeconds, provider);
            activity?.SetTag("dispatch.result", said);
        }
    }

    /// <summary>Every channel that something was sent on since the start.</summary>
    public IReadOnlyList<GatewayView> Look()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return [.. _channels.Select(c => c.Value.Look(c.Key, now))];
    }

    /// <summary>The gateway as a whole did not answer; a recipient or a text that it does not take is an answer.</summary>
    private static bool IsSilence(SendFailure? failure) => failure is SendFailure.Unknown or SendFailure.Unreachable;

    private sealed class Channel
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<long, DateTime> _open = [];
        private long _next;
        private int _unanswered;
        private DateTime? _since;

        public long Begin(DateTime now)
        {
            lock (_lock)
            {
                _open[++_next] = now;
                return _next;
            }
        }

        public void End(long call, SendFailure? failure)
        {
            lock (_lock)
            {
                _open.Remove(call, out var began);
                if (IsSilence(failure)) (_unanswered, _since) = (_unanswered + 1, _since ?? began);
                else (_unanswered, _since) = (0, null);
            }
        }

        public GatewayView Look(long id, DateTime now)
        {
            lock (_lock) return new GatewayView(id, _unanswered, _since, _open.Count == 0 ? TimeSpan.Zero : now - _open.Values.Min());
        }
    }
}
