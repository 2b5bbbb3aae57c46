namespace Dispatch.Core.Gateways.Simulation;

/// <summary>Somebody at the other end: who he is and how far his story is.</summary>
internal sealed class SimulatedContact(string channelKey, string address, string name, SimulatedScript script, SimulatedBlanks blanks)
{
    public string ChannelKey => channelKey;
    public string Address => address;
    public string Name => name;
    public SimulatedScript Script => script;

    /// <summary>How many replies he has reacted to.</summary>
    public int Turn { get; set; }

    /// <summary>He is already about to write: a second reply changes nothing.</summary>
    public bool Busy { get; set; }

    /// <summary>A reply came that he has not reacted to.</summary>
    public bool Answered { get; set; }

    /// <summary>Grows with everything that happens; a planned impatience that is older is void.</summary>
    public int Moves { get; set; }

    public bool Nudged { get; set; }

    public string Fill(string text) => blanks.Fill(text);
}

/// <summary>Something that will happen at a time.</summary>
internal abstract record SimulatedStep
{
    /// <summary>Somebody new may come.</summary>
    public sealed record Arrive : SimulatedStep;

    public sealed record Write(SimulatedContact Contact, SimulatedLine Line, bool Last) : SimulatedStep;

    /// <summary>A reply has been read.</summary>
    public sealed record React(SimulatedContact Contact) : SimulatedStep;

    /// <summary>Still no answer.</summary>
    public sealed record LosePatience(SimulatedContact Contact, int Moves) : SimulatedStep;

    public sealed record Tick(string ChannelKey, string ProviderId, Conversations.MessageStatus Status) : SimulatedStep;
}

/// <summary>What the simulator hands over at one moment: a message or a status.</summary>
public sealed record SimulatedDelivery(string ChannelKey, InboundMessage? Message, InboundStatus? Status);
