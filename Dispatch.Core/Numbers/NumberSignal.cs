namespace Dispatch.Core.Numbers;

/// <summary>Something that happens to a number: the event of the transition table.</summary>
/// <param name="Generation">Of what a worker says; null: it named no session of ours (a legacy worker, a bare health report), or it is not a worker.</param>
/// <param name="Code">Of <see cref="NumberTrigger.Closed"/> and <see cref="NumberTrigger.CommandFailed"/>.</param>
/// <param name="WorkerId">Who says it; of <see cref="NumberTrigger.Validate"/>, <see cref="NumberTrigger.Restart"/>, <see cref="NumberTrigger.Move"/>,
/// <see cref="NumberTrigger.WorkerLost"/> and <see cref="NumberTrigger.DeadlinePassed"/>: who gets it.</param>
/// <param name="QrNumber">Which code of six, if the worker says so.</param>
/// <param name="CodeLife">How long the code lives, if the worker says so.</param>
/// <param name="Reconnects">Of <see cref="NumberTrigger.Closed"/>: the worker tries again by itself; null: not said.</param>
/// <param name="Registered">Of <see cref="NumberTrigger.Closed"/>: credentials exist; null: not said.</param>
/// <param name="HolderGone">The number's lease and that of its worker have run out: nobody else has a socket open.</param>
/// <param name="Reason">Of <see cref="NumberTrigger.CommandReturned"/>.</param>
public sealed record NumberSignal(
    NumberTrigger Trigger, long? Generation = null, int? Code = null, string? WorkerId = null, int? QrNumber = null, TimeSpan? CodeLife = null, bool? Registered = null,
    bool? Reconnects = null,
    bool HolderGone = false, NumberReason Reason = NumberReason.None);

/// <summary>What the table looks at.</summary>
public sealed record NumberFacts(
    NumberState State, NumberReason Reason, int? Code, long Generation, int Attempts, int Restarts, int QrNumber, DateTime? QrExpiresAt, string? WorkerId,
    string? NextWorkerId, bool Paired, bool Legacy, DateTime StateSince, DateTime? DueAt)
{
    public static NumberFacts Of(WhatsAppNumber number, bool legacy) => new(
        number.State, number.Reason, number.Code, number.Generation, number.Attempts, number.Restarts, number.QrNumber, number.QrExpiresAt, number.WorkerId,
        number.NextWorkerId, number.PairedAt is not null, legacy, number.StateSince, number.DueAt);
}

/// <summary>What is said to the worker. The new session's id is in each of the first two.</summary>
public enum NumberCommand { Create, Restart, Stop, Logout, Probe }

/// <summary>Alerts of a number; one of each lasts at a time.</summary>
public enum NumberAlert { None, Lost, Banned, Degraded }

/// <summary>What the table says: the next state and everything that goes with it. Touches nothing.</summary>
public sealed record NumberDecision(NumberVerdict Verdict, NumberState State)
{
    public NumberReason Reason { get; init; }
    public int? Code { get; init; }

    /// <summary>A session with the next generation is made, for <see cref="WorkerId"/>.</summary>
    public bool NewSession { get; init; }
    public string? WorkerId { get; init; }
    public string? NextWorkerId { get; init; }
    public int Attempts { get; init; }
    public int Restarts { get; init; }
    public DateTime? DueAt { get; init; }
    public int QrNumber { get; init; }
    public DateTime? QrExpiresAt { get; init; }

    /// <summary>Of a pairing code that came with the signal.</summary>
    public DateTime? PairingExpiresAt { get; init; }

    /// <summary>What is said to whom: the worker that held the number before for <see cref="NumberCommand.Stop"/> and <see cref="NumberCommand.Logout"/>, else the next.</summary>
    public NumberCommand? Command { get; init; }
    public NumberAlert Alert { get; init; }

    /// <summary>Every alert of the number ends.</summary>
    public bool Calm { get; init; }

    /// <summary>The code that is stored has to go.</summary>
    public bool DropCode { get; init; }

    /// <summary>The code that came with the signal is to be stored.</summary>
    public bool StoreCode { get; init; }

    /// <summary>True: WhatsApp knows the device now. False: it does not any more. Null: as it was.</summary>
    public bool? Paired { get; init; }
    public NumberHealth? Health { get; init; }

    /// <summary>False: the worker said that it holds the session no longer. True: it holds it (as of this answer). Null: nothing was learned.</summary>
    public bool? Holds { get; init; }

    /// <summary>Written to the time line; false: an ordinary health report of a healthy number.</summary>
    public bool Record { get; init; } = true;

    /// <summary>Something about the number has to be written.</summary>
    public bool Changes => Verdict == NumberVerdict.Applied;
}
