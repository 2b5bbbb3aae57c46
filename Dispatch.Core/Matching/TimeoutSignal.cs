using Dispatch.Core.Loops;

namespace Dispatch.Core.Matching;

/// <summary>An earlier due time was committed: <see cref="TimeoutManager"/> looks again.</summary>
public sealed class TimeoutSignal : WakeSignal;
