using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Gateways;

/// <summary><see cref="Worker"/>: a number that Dispatch connected itself (<see cref="Numbers.WhatsAppNumber"/>); such a channel is never made by hand.</summary>
public enum ChannelProvider
{
    Simulator, Whapi, Worker,
    /// <summary>LinkedIn, WhatsApp and others through an account at Unipile.</summary>
    Unipile,
    /// <summary>A number of the WhatsApp Cloud API.</summary>
    Meta,
}

/// <summary><see cref="NeedsAuthorization"/>: the provider ended the session; the token is fine, the number needs a new QR scan, the account a new sign-in.</summary>
public enum ChannelStatus { Active, NeedsAuthorization }

/// <summary>A way in and out: a gateway account.</summary>
public sealed class Channel
{
    public long Id { get; set; }

    /// <summary>The word in webhook addresses; lower case letters, digits, dash; unique.</summary>
    public required string Key { get; set; }
    public ChannelProvider Provider { get; set; }

    /// <summary>The gateway token, or the <see cref="ChannelCredentials"/> of a gateway that needs more, protected by the host's data protection keys; never shown again, never logged.</summary>
    public string? ProtectedToken { get; set; }
    public ChannelStatus Status { get; set; }
    public DateTime StatusSince { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>
/// A delivery status that overtook the commit of the message it is about (a gateway can call back before its own answer was stored).
/// Applied and removed when the provider's id becomes known.
/// </summary>
public sealed class EarlyStatus
{
    public long Id { get; set; }
    public long ChannelId { get; set; }
    public required string ProviderMessageId { get; set; }
    public Conversations.MessageStatus Status { get; set; }
    public DateTime At { get; set; }
    public string? Error { get; set; }
}

internal sealed class ChannelConfiguration : IEntityTypeConfiguration<Channel>, IEntityTypeConfiguration<EarlyStatus>
{
    public void Configure(EntityTypeBuilder<Channel> builder)
    {
        builder.Property(c => c.Key).HasMaxLength(64);
        builder.Property(c => c.ProtectedToken).HasMaxLength(2000);
        builder.HasIndex(c => c.Key).IsUnique();
    }

    public void Configure(EntityTypeBuilder<EarlyStatus> builder)
    {
        builder.Property(s => s.ProviderMessageId).HasMaxLength(128);
        builder.Property(s => s.Error).HasMaxLength(400);
        builder.HasIndex(s => new { s.ChannelId, s.ProviderMessageId });
        builder.HasIndex(s => s.At);
    }
}
