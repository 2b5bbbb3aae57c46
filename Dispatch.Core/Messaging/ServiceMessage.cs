using Dispatch.Core.Conversations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Messaging;

public enum MessageAudience { Driver, Customer, Admin }

/// <summary>
/// A message of Dispatch itself, outside conversations: offers, news for customers, alerts; and the answers to them. Written in the transaction of its
/// cause, sent after it, never twice (<see cref="EffectKey"/>); what lost its sender in the middle is Uncertain and stays unsent.
/// </summary>
public sealed class ServiceMessage
{
    public long Id { get; set; }
    public long? BookingId { get; set; }
    public long? DriverId { get; set; }
    public MessageAudience Audience { get; set; }
    public MessageDirection Direction { get; set; }

    /// <summary>What it is about, e.g. <c>DriverOffer</c>: the name of its template.</summary>
    public required string Kind { get; set; }

    /// <summary>Null: no channel was there to send it on.</summary>
    public long? ChannelId { get; set; }
    public required string Address { get; set; }
    public required string Text { get; set; }

    /// <summary>Unique for ever.</summary>
    public required string EffectKey { get; set; }
    public MessageStatus Status { get; set; }
    public DateTime StatusAt { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? SentAt { get; set; }
    public string? ProviderMessageId { get; set; }

    /// <summary>A name of <see cref="Gateways.SendFailure"/>, <c>NoChannel</c>, or <c>Withdrawn</c>: not wanted any more before it left.</summary>
    public string? Error { get; set; }
}

internal sealed class ServiceMessageConfiguration : IEntityTypeConfiguration<ServiceMessage>
{
    private const string Outgoing = "status IN ('Queued','Sending')";

    public void Configure(EntityTypeBuilder<ServiceMessage> builder)
    {
        builder.Property(m => m.Kind).HasMaxLength(40);
        builder.Property(m => m.Address).HasMaxLength(64);
        builder.Property(m => m.Text).HasMaxLength(4000);
        builder.Property(m => m.EffectKey).HasMaxLength(200);
        builder.Property(m => m.ProviderMessageId).HasMaxLength(128);
        builder.Property(m => m.Error).HasMaxLength(60);
        // Invariant 5: one effect per key.
        builder.HasIndex(m => m.EffectKey).IsUnique();
        builder.HasIndex(m => new { m.ChannelId, m.ProviderMessageId }).HasFilter("provider_message_id IS NOT NULL");
        builder.HasIndex(m => new { m.BookingId, m.Id }).HasFilter("booking_id IS NOT NULL");
        builder.HasIndex(m => m.Id, "ix_service_messages_outgoing").HasFilter(Outgoing);
        builder.HasIndex(m => m.DriverId, "ix_service_messages_outgoing_driver").HasFilter(Outgoing);
    }
}
