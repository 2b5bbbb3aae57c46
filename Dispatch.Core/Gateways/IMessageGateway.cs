namespace Dispatch.Core.Gateways;

/// <summary>A message about to leave.</summary>
public sealed record OutboundMessage(
    long Id, long ConversationId, long ChannelId, string ChannelKey, ChannelProvider Provider, string? ProtectedToken, string Address, string Text)
{
    /// <summary>Not null: sent instead of the text, which only shows what it says. Only by gateways that have templates.</summary>
    public GatewayTemplate? Template { get; init; }
}

/// <summary>Why a message did not leave. Shown as a sentence (resource key <c>SendFailure_{name}</c>).</summary>
public enum SendFailure
{
    /// <summary>The connection ended after the request was on its way: it may have arrived. Never sent again by itself.</summary>
    Unknown,
    /// <summary>The gateway could not be reached; nothing left.</summary>
    Unreachable,
    /// <summary>WhatsApp ended the channel's session: the number needs a new QR scan.</summary>
    ChannelNotAuthorized,
    /// <summary>The channel has no token, or the gateway does not know it.</summary>
    BadToken,
    /// <summary>The gateway's account is unpaid or its trial is over.</summary>
    PaymentRequired,
    /// <summary>The recipient cannot be written to.</summary>
    BadRecipient,
    /// <summary>Too many messages; later it works again.</summary>
    TooMany,
    /// <summary>The gateway refused or broke down for another reason.</summary>
    Refused,
    /// <summary>The provider holds the whole account back for about a day (Unipile: <c>cannot_resend_yet</c>, <c>limit_exceeded</c>); nothing left.</summary>
    AccountLimited,
    /// <summary>The text cannot be sent as it is (too long, a form the gateway does not take); the recipient is fine.</summary>
    BadContent,
    /// <summary>Meta: the recipient has not written for 24 hours, so only an approved template may be sent.</summary>
    WindowClosed,
    /// <summary>Too many messages to this one recipient; the account is fine and later it works again.</summary>
    RecipientLimited,
    /// <summary>No more invitations of this account for now; messages are fine.</summary>
    InvitationsUsedUp,
}

/// <param name="ProviderId">The gateway's id when it accepted the message; a few answers have none.</param>
/// <param name="Failure">Null: it left.</param>
public sealed record SendResult(string? ProviderId, SendFailure? Failure)
{
    /// <summary>Of an invitation: he is connected already.</summary>
    public bool Connected { get; init; }

    public static SendResult Sent(string providerId) => new(providerId, null);

    /// <summary>It left, and the gateway has not named it yet.</summary>
    public static SendResult SentUnnamed { get; } = new(null, null);
    public static SendResult Failed(SendFailure failure) => new(null, failure);
}

/// <summary>The way out: one per provider. Never throws for what a gateway may answer; the result says it.</summary>
public interface IMessageGateway
{
    ChannelProvider Provider { get; }

    Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel);
}

/// <summary>What a gateway knows of a message whose sender died on the way.</summary>
/// <param name="Sent">Null: it cannot say.</param>
public sealed record LookupResult(bool? Sent, string? ProviderId = null);

/// <summary>A gateway that can be asked whether a message left (its own messages can be read in the chat).</summary>
public interface IMessageLookup
{
    ChannelProvider Provider { get; }

    /// <summary>Looks for this text to this address since <paramref name="since"/> (UTC). Never throws for what a gateway may answer.</summary>
    Task<LookupResult> FindAsync(OutboundMessage message, DateTime since, CancellationToken cancel);
}
