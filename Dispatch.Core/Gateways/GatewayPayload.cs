namespace Dispatch.Core.Gateways;

/// <summary>A message or status that was not taken. <see cref="Index"/> counts the items of the call from 0, in their order.</summary>
public sealed record PayloadError(int Index, string Reason);

/// <summary>Somebody accepted the account's invitation (Unipile <c>new_relation</c>).</summary>
public sealed record NewConnection(string Address, string Name);

/// <summary>The chat in which a person is written to at the gateway.</summary>
public sealed record ChatOf(string Address, string ChatId, DateTime At);

/// <summary>What a webhook call of a gateway holds.</summary>
/// <param name="Problem">Not null: the body as a whole is no payload of the gateway (answer 400); the lists are empty then.</param>
/// <param name="Errors">Items that are wrong and were left out; the others stand.</param>
/// <param name="Ignored">Items that are right and of no concern: groups and broadcasts, other events and accounts, statuses without a place in Dispatch.</param>
/// <param name="ChannelStatus">Not null: the provider ended or began the channel's session.</param>
public sealed record GatewayPayload(
    IReadOnlyList<InboundMessage> Messages, IReadOnlyList<InboundStatus> Statuses, IReadOnlyList<PayloadError> Errors, int Ignored = 0,
    ChannelStatus? ChannelStatus = null, string? Problem = null)
{
    public IReadOnlyList<NewConnection> Connections { get; init; } = [];
    public IReadOnlyList<ChatOf> Chats { get; init; } = [];

    /// <summary>Not null: a message came back because of the account, not of its recipient; the account has to wait.</summary>
    public SendFailure? Held { get; init; }

    /// <summary>There were items and each of them is wrong.</summary>
    public bool AllBad => Errors.Count > 0 && Messages.Count == 0 && Statuses.Count == 0 && Ignored == 0;

    internal static GatewayPayload Unreadable(string problem) => new([], [], [], Problem: problem);
}
