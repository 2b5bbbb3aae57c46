using Dispatch.Core.Loops;

namespace Dispatch.Core.Outreach;

/// <summary>Something may be due: wakes the queue of this process. Others find it within a second.</summary>
public sealed class OutreachSignal : WakeSignal;
