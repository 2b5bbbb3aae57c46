namespace Dispatch.Core.Conversations;

/// <summary>Who or what wanted the change.</summary>
public enum ClaimCause { Inbound, Drain, Take, Transfer, Return, FailOver, Supervisor, Close, Reopen, Start, Rotation, Rebalance, Inactivity }
