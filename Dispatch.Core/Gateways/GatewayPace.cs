namespace Dispatch.Core.Gateways;

/// <summary>How fast a gateway may be called by this process.</summary>
public sealed class PaceOptions
{
    /// <summary>Calls a second of one channel. 0.01 to 1000.</summary>
    public double PerChannel { get; set; } = 1;

    /// <summary>Calls a second of all channels of the gateway together. 0.01 to 10,000.</summary>
    public double PerProvider { get; set; } = 10;

    /// <summary>Calls of one channel that may be made at once after a rest; of the gateway in proportion to its calls a second. 1 to 1000.</summary>
    public int Burst { get; set; } = 5;

    /// <summary>How long a call may wait for its turn before it is refused as <see cref="SendFailure.TooMany"/>; nothing left then. 0 to 10 s.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The pace of calls per channel and per gateway, in this process: each call is given its moment when it asks, in the order of asking. What a gateway says itself (Retry-After)
/// counts too. Quotas and gaps of accounts hold over all processes; this only keeps a gateway from being flooded.
/// </summary>
public sealed class GatewayPace(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, DateTimeOffset> _channels = [];
    private readonly Dictionary<ChannelProvider, DateTimeOffset> _providers = [];
    private readonly Dictionary<long, DateTimeOffset> _held = [];

    /// <summary>Waits for the call's turn. False: it would be too late; no turn was used.</summary>
    public async ValueTask<bool> EnterAsync(ChannelProvider provider, long channelId, PaceOptions options, CancellationToken cancel)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var (each, all) = (TimeSpan.FromSeconds(1 / options.PerChannel), TimeSpan.FromSeconds(1 / options.PerProvider));
            var (mine, ours) = (_channels.GetValueOrDefault(channelId, now), _providers.GetValueOrDefault(provider, now));
            var together = options.Burst * Math.Max(1, options.PerProvider / options.PerChannel);
            var at = Latest(now, mine - (each * (options.Burst - 1)), ours - (all * (together - 1)), _held.GetValueOrDefault(channelId, now));
            wait = at - now;
            if (wait > options.MaxWait) return false;
            _channels[channelId] = Latest(mine, at) + each;
            _providers[provider] = Latest(ours, at) + all;
        }
        if (wait > TimeSpan.Zero) await Task.Delay(wait, clock, cancel);
        return true;
    }

    /// <summary>The gateway wants to be left alone by this channel for so long, at most an hour.</summary>
    public void Hold(long channelId, TimeSpan wait)
    {
        lock (_lock) _held[channelId] = clock.GetUtcNow() + (wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1));
    }

    private static DateTimeOffset Latest(params ReadOnlySpan<DateTimeOffset> moments)
    {
        var latest = moments[0];
        foreach (var moment in moments)
        {
            if (moment > latest) latest = moment;
        }
        return latest;
    }
}
