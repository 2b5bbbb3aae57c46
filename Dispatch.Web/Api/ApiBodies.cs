using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;

namespace Dispatch.Web.Api;

public sealed record CreateModerator
{
    public string? Name { get; init; }
    public string? Email { get; init; }

    /// <summary>Open conversations at once; 1 to 200.</summary>
    public int MaxConversations { get; init; } = 8;

    /// <summary>Higher is served first; -100 to 100.</summary>
    public int Priority { get; init; }
}

public sealed record CreateChannel
{
    /// <summary>The word in the webhook's address: 2 to 64 lower-case letters, digits and dashes.</summary>
    public string? Key { get; init; }
    public ChannelProvider? Provider { get; init; }

    /// <summary>Whapi: the gateway's token; never given back.</summary>
    public string? Token { get; init; }

    /// <summary>Unipile (token, server, account, secret, userId?) and Meta (token, account, secret, verifyToken); never given back.</summary>
    public ChannelCredentials? Credentials { get; init; }
}

/// <summary>Somebody to invite on LinkedIn.</summary>
public sealed record CreateInvitation
{
    /// <summary>His id at the provider, such as ACoAA...</summary>
    public string? Address { get; init; }

    /// <summary>At most 300 characters; none: without a note.</summary>
    public string? Note { get; init; }
}

public sealed record InvitationAnswer(string Address, string? InvitationId);

public sealed record CreateProfile
{
    public string? Name { get; init; }

    /// <summary>The channel's key.</summary>
    public string? Channel { get; init; }
    public ProfileMode Mode { get; init; } = ProfileMode.Shared;
}

public sealed record TakeConversation
{
    public long? ModeratorId { get; init; }

    /// <summary>The version that was looked at; an old one loses. Left out: whatever it is now.</summary>
    public long? OwnerVersion { get; init; }
}

public sealed record TransferConversation
{
    /// <summary>Null: back to the queue.</summary>
    public long? ToModeratorId { get; init; }
    public string? Note { get; init; }

    /// <summary>In whose name; only the owner may. Left out: the integration itself, which may do what a supervisor may.</summary>
    public long? ActorId { get; init; }
    public long? OwnerVersion { get; init; }
}

public sealed record CloseConversation
{
    /// <summary>In whose name; only the owner may. Left out: the integration itself.</summary>
    public long? ActorId { get; init; }
    public long? OwnerVersion { get; init; }
}

public sealed record ReopenConversation
{
    /// <summary>Who gets it; left out: whoever is next.</summary>
    public long? ModeratorId { get; init; }
}

public sealed record SendMessage
{
    public string? Text { get; init; }

    /// <summary>Who writes; only the owner's word leaves. Left out: the owner.</summary>
    public long? ModeratorId { get; init; }

    /// <summary>The same key for the same conversation is the same message, however often it is posted. Also as header Idempotency-Key.</summary>
    public string? EffectKey { get; init; }

    /// <summary>The token of the contact's lock: refused when that hold has ended. Left out: the owner takes the lock, if nobody else has it.</summary>
    public long? LockToken { get; init; }
}

public sealed record StartConversation
{
    public long? ProfileId { get; init; }

    /// <summary>Whom; or by <see cref="Address"/>.</summary>
    public long? ContactId { get; init; }

    /// <summary>Digits of a phone number with its country, or a provider's id. An unknown one is added.</summary>
    public string? Address { get; init; }

    /// <summary>Of a contact who is added.</summary>
    public string? Name { get; init; }

    /// <summary>Who has the conversation.</summary>
    public long? ModeratorId { get; init; }
    public string? Text { get; init; }

    /// <summary>The same key is the same conversation, however often it is posted. Also as header Idempotency-Key.</summary>
    public string? EffectKey { get; init; }
}

/// <param name="AlreadyThere">The effect key was used before: this is the conversation of that time.</param>
public sealed record ConversationStarted(long Id, long MessageId, bool AlreadyThere);

/// <summary>A moderator that was made.</summary>

/// <param name="AlreadyThere">The effect key was used before: this is the message of that time.</param>
public sealed record MessageAccepted(long Id, bool AlreadyThere);

/// <param name="Webhook">Where the gateway delivers, below this site's address.</param>
public sealed record ChannelAnswer(
    long Id, string Key, ChannelProvider Provider, bool HasToken, ChannelStatus Status, DateTime StatusSince, long? ProfileId, string Webhook, string? Account)
{
    public static ChannelAnswer Of(ChannelView channel) => new(
        channel.Id, channel.Key, channel.Provider, channel.HasToken, channel.Status, channel.StatusSince, channel.ProfileId, $"/webhooks/{channel.Provider switch { ChannelProvider.Unipile => "unipile", ChannelProvider.Meta => "meta", _ => "whapi" }}/{channel.Key}",
        channel.Account);
}

public sealed record ProfileAnswer(long Id, string Name, string Channel, ProfileMode Mode, bool Restricted, IReadOnlyList<long> ModeratorIds)
{
    public static ProfileAnswer Of(ProfileView profile) =>
        new(profile.Id, profile.Name, profile.ChannelKey, profile.Mode, profile.Restricted, profile.ModeratorIds);
}
