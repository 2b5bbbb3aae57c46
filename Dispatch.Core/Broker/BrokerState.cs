using Dispatch.Core.Live;

namespace Dispatch.Core.Broker;

public enum BrokerKind { InProcess, RabbitMq }

public enum BrokerStatus { Connecting, Connected, Down }

/// <param name="Endpoint">Host and port, no user and no password; null: in process.</param>
/// <param name="Since">UTC; since when the status is so.</param>
/// <param name="Error">What the last attempt met: the type of the exception and the broker's reply code, no addresses.</param>
/// <param name="LastAnswerAt">UTC; when the last answer of any worker came in. Null: none since the start of this process.</param>
public sealed record BrokerSnapshot(BrokerKind Kind, BrokerStatus Status, string? Endpoint, DateTime Since, string? Error, DateTime? LastAnswerAt);

/// <summary>What this process knows of its broker: for pages, health and alerts. Each change is told on <see cref="Topics.Broker"/>.</summary>
public sealed class BrokerState(LiveHub live, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private BrokerSnapshot _current = new(BrokerKind.InProcess, BrokerStatus.Connecting, null, clock.GetUtcNow().UtcDateTime, null, null);

    public BrokerSnapshot Current
    {
        get
        {
            lock (_lock) return _current;
        }
    }

    internal void Set(BrokerKind kind, BrokerStatus status, string? endpoint, string? error)
    {
        lock (_lock)
        {
            if (_current.Kind == kind && _current.Status == status && _current.Error == error && _current.Endpoint == endpoint) return;
            // Between two attempts to connect it is still the same outage.
            var since = _current.Kind == kind && Works(_current.Status) == Works(status) ? _current.Since : clock.GetUtcNow().UtcDateTime;
            _current = _current with { Kind = kind, Status = status, Endpoint = endpoint, Error = error, Since = since };
        }
        live.Publish(new LiveEvent(Topics.Broker, EventNames.BrokerChanged, 0));
    }

    internal void Answered(DateTime now)
    {
        lock (_lock) _current = _current with { LastAnswerAt = now };
    }

    private static bool Works(BrokerStatus status) => status == BrokerStatus.Connected;
}
