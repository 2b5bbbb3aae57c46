namespace Dispatch.Core.Live;

/// <summary>Carries short texts between the nodes. It may lose some; it must not hold anybody up.</summary>
internal interface ILiveWire
{
    /// <summary>The largest text it takes, in bytes.</summary>
    int MaxBytes { get; }

    /// <summary>To every node that listens now, this one included.</summary>
    Task SendAsync(string text, CancellationToken stop);

    /// <summary>Until the connection is lost (throws) or stopped.</summary>
    /// <param name="listening">Called once whatever is sent from now on arrives.</param>
    Task ListenAsync(Action listening, Action<string> received, CancellationToken stop);

    /// <summary>What is open is closed; the next call opens anew.</summary>
    ValueTask CloseAsync();
}
