using Dispatch.Core.Loops;

namespace Dispatch.Core.Outreach;

/// <summary>Something may be due: wakes the queue of this process. Others find it within a second.</summary>
public sealed class OutreachSignal : WakeSignal;

/// <summary>A first contact may be due: wakes the connection job of this process. Others find it within two seconds.</summary>
public sealed class ConnectionSignal : WakeSignal;
