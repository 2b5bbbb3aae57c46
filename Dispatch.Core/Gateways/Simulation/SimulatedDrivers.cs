using System.Globalization;
using System.Text.RegularExpressions;
using Dispatch.Core.Conversations;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Simulation;

/// <summary>
/// The demo's drivers and passengers at the other end of the line: they read, and drivers accept, refuse or ignore what they are offered. They accept three
/// times as often as published (3.6 to 13.6 % per offer), or a newcomer would wait long to see a match among few drivers.
/// </summary>
public sealed partial class SimulatedDrivers(IOptions<SimulatorOptions> options)
{
    public const string DriverPrefix = "2217000", CustomerPrefix = "3367000";
    private const double Accepts = 0.26, Refuses = 0.3;
    private readonly Lock _lock = new();
    private readonly Random _random = options.Value.Seed is { } seed ? new Random(seed) : new Random();
    private readonly PriorityQueue<SimulatedDelivery, DateTime> _due = new();
    private long _number;

    public static bool Knows(string address) => address.StartsWith(DriverPrefix, StringComparison.Ordinal) || address.StartsWith(CustomerPrefix, StringComparison.Ordinal);

    /// <summary>Somebody here was written to; returns the message's id.</summary>
    public string Sent(string channelKey, string address, string text, DateTime now)
    {
        lock (_lock)
        {
            var id = $"ride-{now.Ticks:x}-{(++_number).ToString(CultureInfo.InvariantCulture)}";
            var read = 2 + (_random.NextDouble() * 6);
            Plan(now, 0.5, new SimulatedDelivery(channelKey, null, new InboundStatus(id, MessageStatus.Delivered, now)));
            if (_random.NextDouble() < 0.85) Plan(now, read, new SimulatedDelivery(channelKey, null, new InboundStatus(id, MessageStatus.Read, now)));
            if (!options.Value.Enabled || !address.StartsWith(DriverPrefix, StringComparison.Ordinal)) return id;
            var draw = _random.NextDouble();
            if (text.Contains("PRÊT", StringComparison.Ordinal)) Answer(channelKey, address, "prêt", now, 20);
            else if (Offer().Match(text) is { Success: true } offer && draw < Accepts + Refuses)
                Answer(channelKey, address, $"{(draw < Accepts ? "1" : "2")} {offer.Groups["id"].Value}", now, read + 2);
            return id;
        }
    }

    public IReadOnlyList<SimulatedDelivery> TakeDue(DateTime now)
    {
        var deliveries = new List<SimulatedDelivery>();
        lock (_lock)
        {
            while (_due.TryPeek(out var delivery, out var due) && due <= now)
            {
                _due.Dequeue();
                deliveries.Add(delivery);
            }
        }
        return deliveries;
    }

    private void Answer(string channelKey, string address, string text, DateTime now, double after) => Plan(
        now, after + (_random.NextDouble() * 14), new SimulatedDelivery(channelKey, new InboundMessage($"answer-{now.Ticks:x}-{++_number}", address, "", "text", text, now), null));

    private void Plan(DateTime now, double seconds, SimulatedDelivery delivery) => _due.Enqueue(delivery, now + TimeSpan.FromSeconds(seconds / options.Value.Speed));

    [GeneratedRegex(@"^.*COURSE\* n° (?<id>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Offer();
}
