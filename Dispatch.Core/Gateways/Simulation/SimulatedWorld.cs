using System.Globalization;
using Dispatch.Core.Conversations;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Simulation;

/// <summary>
/// The contacts and everything they are about to do, in order of time. It only plans: <see cref="Simulator"/> asks what is due and carries it to
/// the same door as a webhook. The gateway tells it what was sent.
/// </summary>
public sealed class SimulatedWorld
{
    private const double MaxArrivalSeconds = 60;
    private const double ReturnChance = 0.2, LeaveChance = 0.12, NudgeChance = 0.5;
    private const int MaxRemembered = 500;
    private static readonly TimeSpan FirstArrival = TimeSpan.FromSeconds(1.5);

    private readonly Lock _lock = new();
    private readonly SimulatorOptions _options;
    private readonly Random _random;
    private readonly string _prefix;
    private readonly PriorityQueue<SimulatedStep, (DateTime Due, long Number)> _steps = new();
    private readonly Dictionary<(string Channel, string Address), SimulatedContact> _open = [];
    private readonly List<(string Channel, string Address, string Name)> _past = [];
    private IReadOnlyList<string> _channels = [];
    private long _number;
    private bool _running;

    public SimulatedWorld(IOptions<SimulatorOptions> options, TimeProvider clock)
    {
        _options = options.Value;
        // Not for secrets: a seed makes a run repeatable.
        _random = _options.Seed is { } seed ? new Random(seed) : new Random();
        // Ids must differ from those of an earlier run with the same seed, or they would count as duplicates.
        _prefix = $"sim-{clock.GetUtcNow().UtcTicks:x}-";
    }

    /// <summary>Contacts in the middle of something.</summary>
    public int OpenContacts
    {
        get
        {
            lock (_lock) return _open.Count;
        }
    }

    /// <summary>From now on people come to these channels.</summary>
    public void Start(IReadOnlyList<string> channelKeys, DateTime now)
    {
        lock (_lock)
        {
            _channels = channelKeys;
            _running = true;
            if (_options is { Enabled: true, ContactsPerMinute: > 0 } && channelKeys.Count > 0)
            {
                // A newcomer sees something at once, however slow the rest is set.
                _steps.Enqueue(new SimulatedStep.Arrive(), (now + FirstArrival, ++_number));
            }
        }
    }

    /// <summary>A moderator wrote: ticks follow, and usually an answer. Returns the message's id.</summary>
    public string Sent(string channelKey, string address, string text, DateTime now)
    {
        lock (_lock)
        {
            var id = NextId();
            if (!_running) return id;
            var delivered = Between(0.3, 1.2);
            var read = delivered + Between(0.8, 5);
            Plan(now, delivered, new SimulatedStep.Tick(channelKey, id, MessageStatus.Delivered));
            Plan(now, read, new SimulatedStep.Tick(channelKey, id, MessageStatus.Read));
            if (!_options.Enabled) return id;
            var contact = _open.GetValueOrDefault((channelKey, address)) ?? Remember(channelKey, address, text);
            contact.Moves++;
            contact.Answered = true;
            if (!contact.Busy) WillReact(contact, read, now);
            return id;
        }
    }

    /// <summary>Everything that is due, in order.</summary>
    public IReadOnlyList<SimulatedDelivery> TakeDue(DateTime now)
    {
        var deliveries = new List<SimulatedDelivery>();
        lock (_lock)
        {
            while (_steps.TryPeek(out var step, out var at) && at.Due <= now)
            {
                _steps.Dequeue();
                switch (step)
                {
                    case SimulatedStep.Arrive: Arrive(now); break;
                    case SimulatedStep.Write write: deliveries.Add(Write(write, at.Due, now)); break;
                    case SimulatedStep.React react: React(react.Contact, now); break;
                    case SimulatedStep.LosePatience waited: LosePatience(waited, now); break;
                    case SimulatedStep.Tick tick: deliveries.Add(new(tick.ChannelKey, null, new InboundStatus(tick.ProviderId, tick.Status, at.Due))); break;
                    default: throw new InvalidOperationException(step.GetType().Name);
                }
            }
        }
        return deliveries;
    }

    private void Arrive(DateTime now)
    {
        // Exponential gaps: people do not come in step.
        var gap = -Math.Log(1 - _random.NextDouble()) * 60 / _options.ContactsPerMinute;
        Plan(now, Math.Min(gap, MaxArrivalSeconds), new SimulatedStep.Arrive());
        if (_open.Count >= _options.MaxOpenContacts) return;

        var script = SimulatedBlanks.Pick(_random, SimulatedScripts.All);
        var (channel, address, name) = _past.Count > 0 && _random.NextDouble() < ReturnChance ? SimulatedBlanks.Pick(_random, _past) : NewPerson();
        var contact = new SimulatedContact(channel, address, name, script, new SimulatedBlanks(_random, script.French));
        if (!_open.TryAdd((channel, address), contact)) return;
        contact.Busy = true;
        Say(contact, script.Opening, now, 0);
    }

    private (string Channel, string Address, string Name) NewPerson()
    {
        var address = (_random.NextDouble() < 0.8 ? "22177" : "33612") + _random.Next(1_000_000, 9_999_999).ToString(CultureInfo.InvariantCulture);
        return (SimulatedBlanks.Pick(_random, _channels), address, SimulatedBlanks.Pick(_random, SimulatedScripts.Names));
    }

    /// <summary>Somebody who wrote before this run, or through the webhook: he goes on in the language he is answered in, as far as one can tell.</summary>
    private SimulatedContact Remember(string channelKey, string address, string text)
    {
        var french = text.Contains("vous", StringComparison.OrdinalIgnoreCase) || text.Contains("bonjour", StringComparison.OrdinalIgnoreCase)
            || text.Any(c => c is 'é' or 'è' or 'à' or 'ê' or 'ç');
        var script = french ? SimulatedScripts.French0 : SimulatedScripts.English0;
        return _open[(channelKey, address)] = new SimulatedContact(channelKey, address, "", script, new SimulatedBlanks(_random, french));
    }

    private void React(SimulatedContact contact, DateTime now)
    {
        contact.Busy = contact.Answered = contact.Nudged = false;
        contact.Moves++;
        if (_random.NextDouble() < LeaveChance) Leave(contact);
        else if (contact.Turn < contact.Script.Turns.Length)
        {
            contact.Busy = true;
            Say(contact, contact.Script.Turns[contact.Turn++], now, 0);
        }
        else
        {
            Say(contact, [SimulatedBlanks.Pick(_random, contact.Script.Thanks)], now, 0);
            Leave(contact);
        }
    }

    private void WillReact(SimulatedContact contact, double read, DateTime now)
    {
        contact.Busy = true;
        Plan(now, read + Between(2, 14), new SimulatedStep.React(contact));
    }

    private void Say(SimulatedContact contact, IReadOnlyList<SimulatedLine> lines, DateTime now, double after)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            Plan(now, after, new SimulatedStep.Write(contact, lines[i], i == lines.Count - 1));
            after += Between(1.5, 6);
        }
    }

    private SimulatedDelivery Write(SimulatedStep.Write write, DateTime due, DateTime now)
    {
        var contact = write.Contact;
        if (write.Last)
        {
            contact.Busy = false;
            // Answered before he had finished: he reads that now.
            if (contact.Answered) WillReact(contact, 0, now);
            else Plan(now, contact.Nudged ? Between(300, 900) : Between(45, 150), new SimulatedStep.LosePatience(contact, ++contact.Moves));
        }
        return new(contact.ChannelKey, new InboundMessage(NextId(), contact.Address, contact.Name, write.Line.Type, contact.Fill(write.Line.Text), due), null);
    }

    private void LosePatience(SimulatedStep.LosePatience waited, DateTime now)
    {
        var contact = waited.Contact;
        if (contact.Moves != waited.Moves || !_open.ContainsKey((contact.ChannelKey, contact.Address))) return;
        if (!contact.Nudged && _random.NextDouble() < NudgeChance)
        {
            contact.Nudged = true;
            Say(contact, [SimulatedBlanks.Pick(_random, contact.Script.French ? SimulatedScripts.FrenchNudges : SimulatedScripts.EnglishNudges)], now, 0);
        }
        else
        {
            Leave(contact);
        }
    }

    /// <summary>Goes silent; may come back another day.</summary>
    private void Leave(SimulatedContact contact)
    {
        if (!_open.Remove((contact.ChannelKey, contact.Address)) || _past.Count >= MaxRemembered) return;
        if (contact.Name.Length > 0) _past.Add((contact.ChannelKey, contact.Address, contact.Name));
    }

    private void Plan(DateTime now, double seconds, SimulatedStep step) =>
        _steps.Enqueue(step, (now + TimeSpan.FromSeconds(seconds / _options.Speed), ++_number));

    private double Between(double from, double to) => from + (_random.NextDouble() * (to - from));

    private string NextId() => _prefix + (++_number).ToString(CultureInfo.InvariantCulture);
}
