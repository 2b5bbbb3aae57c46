namespace Dispatch.Core.Gateways.Whapi;

/// <summary>A message or status that was not taken. <see cref="Index"/> counts messages from 0, then statuses on from there.</summary>
public sealed record WhapiItemError(int Index, string Reason);

/// <summary>What a webhook call of Whapi holds.</summary>
/// <param name="Problem">Not null: the body as a whole is no payload of Whapi (answer 400); the lists are empty then.</param>
/// <param name="Errors">Items that are wrong and were left out; the others stand.</param>
/// <param name="Ignored">Items that are right and of no concern: groups and broadcasts, other events, statuses without a place in Dispatch.</param>
/// <param name="ChannelStatus">Not null: WhatsApp ended or began the channel's session.</param>
public sealed record WhapiResult(
    IReadOnlyList<InboundMessage> Messages, IReadOnlyList<InboundStatus> Statuses, IReadOnlyList<WhapiItemError> Errors, int Ignored = 0,
    ChannelStatus? ChannelStatus = null, string? Problem = null)
{
    /// <summary>There were items and each of them is wrong.</summary>
    public bool AllBad => Errors.Count > 0 && Messages.Count == 0 && Statuses.Count == 0 && Ignored == 0;

    internal static WhapiResult Unreadable(string problem) => new([], [], [], Problem: problem);
}
