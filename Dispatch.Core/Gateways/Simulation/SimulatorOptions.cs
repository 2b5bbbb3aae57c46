namespace Dispatch.Core.Gateways.Simulation;

/// <summary>Section <c>Simulator</c>; of effect with <c>Demo:Enabled</c>.</summary>
public sealed class SimulatorOptions
{
    public const string Section = "Simulator";

    /// <summary>False: the demo channels exist and deliver what is sent, but nobody writes.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>New conversations a minute at speed 1. 0 to 10,000.</summary>
    public double ContactsPerMinute { get; set; } = 20;

    /// <summary>Contacts in the middle of something; nobody new comes while there are as many. 1 to 10,000.</summary>
    public int MaxOpenContacts { get; set; } = 60;

    /// <summary>2: everything happens in half the time. 0.01 to 1,000.</summary>
    public double Speed { get; set; } = 1;

    /// <summary>The same seed and the same replies give the same contacts; null: another run each time.</summary>
    public int? Seed { get; set; }
}
