namespace Dispatch.Core.Broker;

/// <summary>How a worker is reached.</summary>
public enum WorkerMode
{
    /// <summary>It has a queue of its own and publishes to the exchange: nobody can take its commands.</summary>
    Routed,

    /// <summary>The worker of seed 002 as it is: one queue for both directions, shared with Dispatch. One such worker per virtual host.</summary>
    Legacy,
}

/// <param name="WorkerId">1 to 64 of letters, digits, <c>-</c> and <c>_</c>: it is a word of a routing key, so no dots.</param>
/// <param name="VirtualHost">Null: that of <c>Broker:Uri</c>. Each further legacy worker needs one of its own, because nothing can route inside its queue.</param>
public sealed record WorkerRoute(string WorkerId, WorkerMode Mode, string? VirtualHost = null)
{
    public const int MaxIdLength = 64;

    public static bool IsWorkerId(string? text) =>
        text is { Length: > 0 and <= MaxIdLength } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

/// <summary>The registry of workers as the bus needs it. Numbers implements it; answers come from memory or one indexed read.</summary>
public interface IWorkerDirectory
{
    /// <summary>Every worker that is not removed, whatever its state: its queue has to exist before it starts.</summary>
    Task<IReadOnlyList<WorkerRoute>> ListAsync(CancellationToken cancel);

    /// <summary>
    /// True while a number of this worker was scanned and not connected yet. A legacy worker is handed nothing meanwhile: an answer that falls into the
    /// hand-over is lost to the worker itself, and <c>connected</c> is the one that does not come again.
    /// </summary>
    Task<bool> IsPairingAsync(string workerId, CancellationToken cancel);
}
