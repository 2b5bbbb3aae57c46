namespace Dispatch.Core.Numbers;

public enum NumberResult
{
    Done,
    NotFound,
    /// <summary>No client has this id.</summary>
    ClientNotFound,
    /// <summary>No worker has this id.</summary>
    WorkerNotFound,
    /// <summary>The client was validated or rejected before.</summary>
    AlreadyDecided,
    /// <summary>The worker holds as many numbers as it may.</summary>
    WorkerFull,
    /// <summary>The worker takes nothing new.</summary>
    WorkerDraining,
    /// <summary>No worker is up with room.</summary>
    NoWorker,
    /// <summary>The number is with this worker already.</summary>
    SameWorker,
    /// <summary>The number's state does not allow it.</summary>
    NotNow,
    /// <summary>Another session began since the caller looked.</summary>
    Changed,
    /// <summary>1 to 120 characters.</summary>
    BadName,
    /// <summary>Not a phone number with its country.</summary>
    BadPhone,
    /// <summary>The number is registered already.</summary>
    DuplicatePhone,
    /// <summary>1 to 500 characters.</summary>
    BadReason,
    /// <summary>The worker gives no pairing codes, or no code is awaited now.</summary>
    NoPairingCodes,
}

/// <summary>What became of what somebody wanted with a number. After <see cref="NumberResult.Done"/> the rest says how the number is now.</summary>
public sealed record NumberOutcome(
    NumberResult Result, long NumberId = 0, long ClientId = 0, NumberState State = default, long Generation = 0, string? SessionId = null, string? WorkerId = null)
{
    public bool Succeeded => Result == NumberResult.Done;
}

/// <summary>Who does something, for the time line.</summary>
/// <param name="Id">The person; null: nobody in particular.</param>
public sealed record NumberActor(NumberSource Source, long? Id = null, string? WorkerId = null)
{
    public static readonly NumberActor Api = new(NumberSource.Api), Deadline = new(NumberSource.Deadline), System = new(NumberSource.System), Relay = new(NumberSource.Relay);

    public static NumberActor Admin(long id) => new(NumberSource.Admin, id);
    public static NumberActor Worker(string? id) => new(NumberSource.Worker, null, id);
}
