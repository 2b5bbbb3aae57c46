namespace Dispatch.Core.Outreach;

/// <summary>Some of what was to be recorded together is in other hands: this process was thought dead. Recorded one by one.</summary>
internal sealed class TakenOverException() : Exception("An action was taken over while it was being sent.");
