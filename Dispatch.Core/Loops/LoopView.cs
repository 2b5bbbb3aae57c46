namespace Dispatch.Core.Loops;

public enum LoopState
{
    NotStarted, Sleeping, InPass,
    /// <summary>Its last passes ended with errors; it tries again.</summary>
    Failing,
    /// <summary>It ended, and its host did not.</summary>
    Stopped,
}

/// <summary>How a hosted loop is at one moment.</summary>
/// <param name="Age">Since its last pass that was well ended, or since its start.</param>
/// <param name="Late">How long it has been so that it should not: in one pass, past the end of its sleep, failing, stopped.</param>
public sealed record LoopView(string Name, LoopState State, TimeSpan Age, TimeSpan Late);
