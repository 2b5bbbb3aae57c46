using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Matching;

internal sealed class MatchingConfiguration :
    IEntityTypeConfiguration<Booking>, IEntityTypeConfiguration<BookingEvent>, IEntityTypeConfiguration<BookingNotification>,
    IEntityTypeConfiguration<MatchingMetrics>, IEntityTypeConfiguration<FailedSearch>, IEntityTypeConfiguration<Driver>, IEntityTypeConfiguration<MessageTemplate>
{
    public const int NameLength = 120, PhoneLength = 20, AddressLength = 300, ZoneLength = 60, ReasonLength = 500, PlateLength = 30, TemplateLength = 2000, EffectKeyLength = 100;
    private const string Open = "response IS NULL AND withdrawn IS NULL";

    public void Configure(EntityTypeBuilder<Booking> builder)
    {
        builder.ToTable("bookings", t => t.HasCheckConstraint("ck_bookings_driver",
            "(status IN ('Accepted','Completed') AND driver_id IS NOT NULL) OR (status IN ('Scheduled','Pending','TimedOut','Failed') AND driver_id IS NULL) OR status = 'Cancelled'"));
        builder.Property(b => b.CustomerName).HasMaxLength(NameLength);
        builder.Property(b => b.CustomerPhone).HasMaxLength(PhoneLength);
        builder.Property(b => b.PickupAddress).HasMaxLength(AddressLength);
        builder.Property(b => b.DropAddress).HasMaxLength(AddressLength);
        builder.Property(b => b.Zone).HasMaxLength(ZoneLength);
        builder.Property(b => b.Language).HasMaxLength(2);
        builder.Property(b => b.Reason).HasMaxLength(ReasonLength);
        builder.Property(b => b.EffectKey).HasMaxLength(EffectKeyLength);
        builder.Property(b => b.Price).HasPrecision(12, 2);
        builder.Property(b => b.Version).HasDefaultValue(1L);
        builder.Ignore(b => b.Excluded);
        builder.HasOne<Driver>().WithMany().HasForeignKey(b => b.DriverId).OnDelete(DeleteBehavior.Restrict);
        // Invariant 3: a driver holds at most one active booking.
        builder.HasIndex(b => b.DriverId, "ux_bookings_active_driver").IsUnique().HasFilter("status = 'Accepted'");
        builder.HasIndex(b => new { b.DriverId, b.Id }).HasFilter("driver_id IS NOT NULL");
        builder.HasIndex(b => b.Version);
        builder.HasIndex(b => new { b.Status, b.PickupTime });
        builder.HasIndex(b => b.CreatedAt);
        builder.HasIndex(b => new { b.CustomerPhone, b.Id });
        // Invariant 5: who asks twice with one key made one booking.
        builder.HasIndex(b => b.EffectKey).IsUnique().HasFilter("effect_key IS NOT NULL");
        // Due times; small however long the history.
        builder.HasIndex(b => b.MatchingDeadline, "ix_bookings_due").HasFilter("status = 'Pending'");
        builder.HasIndex(b => b.NextWaveAt, "ix_bookings_next_wave").HasFilter("status = 'Pending' AND next_wave_at IS NOT NULL");
        builder.HasIndex(b => b.StartAt, "ix_bookings_start").HasFilter("status = 'Scheduled'");
        builder.HasIndex(b => b.AskedAt, "ix_bookings_asked").HasFilter("question IS NOT NULL");
    }

    public void Configure(EntityTypeBuilder<BookingEvent> builder)
    {
        builder.Property(e => e.Note).HasMaxLength(ReasonLength);
        builder.HasOne<Booking>().WithMany().HasForeignKey(e => e.BookingId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(e => new { e.BookingId, e.Id });
    }

    public void Configure(EntityTypeBuilder<BookingNotification> builder)
    {
        builder.HasOne<Booking>().WithMany().HasForeignKey(n => n.BookingId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Driver>().WithMany().HasForeignKey(n => n.DriverId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(n => new { n.BookingId, n.DriverId }).IsUnique();
        builder.HasIndex(n => n.SentAt);
        // The seed's index, of answers alone: with it, SQLite looked for what is due among everything that was never answered, withdrawn years ago or not.
        builder.HasIndex(n => n.Response).HasFilter("response IS NOT NULL");
        builder.HasIndex(n => new { n.DriverId, n.CreatedAt });
        builder.HasIndex(n => n.BookingId, "ix_booking_notifications_open_booking").HasFilter(Open);
        builder.HasIndex(n => n.DriverId, "ix_booking_notifications_open_driver").HasFilter(Open);
        builder.HasIndex(n => n.ExpiresAt, "ix_booking_notifications_due").HasFilter(Open);
    }

    public void Configure(EntityTypeBuilder<MatchingMetrics> builder)
    {
        builder.Property(m => m.Zone).HasMaxLength(ZoneLength);
        builder.HasOne<Booking>().WithOne().HasForeignKey<MatchingMetrics>(m => m.BookingId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(m => m.BookingId).IsUnique();
        builder.HasIndex(m => m.StartedAt);
    }

    public void Configure(EntityTypeBuilder<FailedSearch> builder)
    {
        builder.Property(s => s.Zone).HasMaxLength(ZoneLength);
        builder.HasOne<Booking>().WithMany().HasForeignKey(s => s.BookingId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(s => new { s.BookingId, s.Round }).IsUnique();
        builder.HasIndex(s => s.StartedAt);
    }

    public void Configure(EntityTypeBuilder<Driver> builder)
    {
        builder.Property(d => d.Name).HasMaxLength(NameLength);
        builder.Property(d => d.Phone).HasMaxLength(PhoneLength);
        builder.Property(d => d.VehicleType).HasMaxLength(ZoneLength);
        builder.Property(d => d.VehiclePlate).HasMaxLength(PlateLength);
        builder.Property(d => d.Zone).HasMaxLength(ZoneLength);
        builder.Property(d => d.Language).HasMaxLength(2);
        builder.HasIndex(d => d.Phone).IsUnique();
        builder.HasIndex(d => new { d.Status, d.LastSeenAt });
        builder.HasIndex(d => d.Name);
    }

    public void Configure(EntityTypeBuilder<MessageTemplate> builder)
    {
        builder.Property(t => t.Language).HasMaxLength(2);
        builder.Property(t => t.Text).HasMaxLength(TemplateLength);
        builder.HasIndex(t => new { t.Key, t.Language }).IsUnique();
    }
}
