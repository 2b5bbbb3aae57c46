namespace Dispatch.Core.Broker;

/// <summary>What a worker can be told; on the wire in snake_case.</summary>
public enum WorkerAction
{
    /// <summary>Open a session for the number; codes follow unless its credentials are stored.</summary>
    Create,

    /// <summary>Close the socket and open it again as the session given: an older session of the number ends.</summary>
    Restart,

    /// <summary>Close the socket and keep the credentials.</summary>
    Stop,

    /// <summary>Unlink the device and delete the credentials.</summary>
    Logout,

    /// <summary>Ask WhatsApp for a pairing code, the alternative to the picture.</summary>
    PairingCode,

    /// <summary>Send a text; the answer is <see cref="SendReported"/> with the same reference.</summary>
    Send,

    /// <summary>Report health now, after having looked.</summary>
    Probe,

    /// <summary>Say which numbers you hold (a heartbeat now).</summary>
    Announce,
}

/// <summary>
/// One command for one worker. On the wire (seed 002) <c>{sessionId: numberId, action, data: {numberId, phoneNumber, sessionId, workerId}, timestamp}</c>;
/// the outer <c>sessionId</c> is the number's id, as there.
/// </summary>
/// <param name="WorkerId">Who it is for: in the routing key and in the body. Nobody else acts on it.</param>
/// <param name="NumberId">Null only for <see cref="WorkerAction.Announce"/>.</param>
/// <param name="SessionId"><c>session_{numberId}_{random}</c>; the suffix is the generation.</param>
/// <param name="PhoneNumber">E.164 with the plus.</param>
public sealed record WorkerCommand(string WorkerId, WorkerAction Action, long? NumberId = null, string? SessionId = null, string? PhoneNumber = null)
{
    /// <summary>Of <see cref="WorkerAction.Send"/>: whom to write to, E.164 or a WhatsApp id (<c>...@s.whatsapp.net</c>, <c>...@lid</c>).</summary>
    public string? To { get; init; }

    /// <summary>Of <see cref="WorkerAction.Send"/>.</summary>
    public string? Text { get; init; }

    /// <summary>The caller's own reference, given back in the answer: for <see cref="WorkerAction.Send"/> the effect key, which a worker carries out once.</summary>
    public string? Ref { get; init; }
}
