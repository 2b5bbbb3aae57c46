using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>A prospect as a text and a gateway need him.</summary>
public sealed record ProspectCard(long Id, string Name, string Address, string? Company, string Language, string? TimeZone = null);

/// <summary>An action that this process has in hand, with a unit of its quota reserved.</summary>
internal sealed record ClaimedAction(
    long Id, long Epoch, string Kind, ActionType Type, string? Content, int Attempts, long ProspectEpoch, DateTime DueAt, ProspectCard Prospect, long QuotaId, AccountFacts Account,
    Overrides Overrides)
{
    /// <summary>As they were at the claim; while his epoch is the same he has not written since.</summary>
    public required ProspectFacts Facts { get; init; }

    /// <summary>The local day whose unit was reserved.</summary>
    public DateOnly Day { get; init; }

    /// <summary>What stands as its text shows a template of the provider: composed anew, by what is set up now.</summary>
    public bool WasTemplate { get; init; }

    public OutboundMessage Message(string text, GatewayTemplate? template = null) =>
        new(Id, 0, Account.Channel!.Id, Account.Channel.Key, Account.Channel.Provider, Account.Channel.ProtectedToken, Prospect.Address, text) { Template = template };
}

/// <param name="Wait">Why nothing, or not all, was claimed.</param>
internal sealed record ClaimResult(IReadOnlyList<ClaimedAction> Actions, Wait? Wait)
{
    /// <summary>Claimed and started in the same transaction; not among <see cref="Actions"/>.</summary>
    public IReadOnlyList<ReadyAction> Begun { get; init; } = [];
    public int Count => Actions.Count + Begun.Count;
}

/// <summary>What became of an action in hand.</summary>
internal sealed record SentAction(long Id, ActionStatus Status, string? ProviderId, string? Error, DateTime? DueAt);
