using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Audit;

/// <summary>What an administrator (or an integration) changed; its words are <c>Audit_{kind}</c>.</summary>
public enum AuditKind
{
    SettingChanged,
    ChannelAdded, ChannelCredentialsChanged,
    ProfileAdded, ProfileChanged, ProfileAccessChanged, ProfilePriorityChanged, ProfilePaused, ProfileResumed,
    PersonAdded, PersonRenamed, PersonRolesChanged, PersonCapacityChanged, PersonDisabled, PersonEnabled, PasswordLinkMade,
    TemplateChanged, OutreachTextChanged, SequenceChanged,
    DriverAdded, DriverChanged, DriverStatusChanged, DriversImported,
    AccountAdded, AccountChanged, AccountPaused, AccountResumed,
    ProspectStopped, ProspectResumed, ProspectAutomaticChanged, ProspectsImported,
    DataDeleted, ContactExported, ContactErased,
}

public enum AuditSubject { Setting, Channel, Profile, Person, Template, Contact, Data, Driver, Account, OutreachText, Sequence, Prospect }

/// <summary>
/// One change, written in the transaction that made it and never changed or deleted by Dispatch. Conversations, bookings, numbers and actions have trails of their own.
/// No secret, no message text and no phone number is in it.
/// </summary>
public sealed class AuditEntry
{
    public long Id { get; set; }
    public DateTime At { get; set; }

    /// <summary>The person; null: an integration, or Dispatch itself.</summary>
    public long? ActorId { get; set; }
    public AuditKind Kind { get; set; }
    public AuditSubject Subject { get; set; }
    public long? SubjectId { get; set; }

    /// <summary>Key or name of the subject when it happened; empty for what must be forgotten.</summary>
    public string Name { get; set; } = "";

    /// <summary>Null: nothing was before, or it must not be shown.</summary>
    public string? Before { get; set; }
    public string? After { get; set; }

    /// <summary>SHA-256 (hex) of what was exported or erased: proof that it was this, without it.</summary>
    public string? Hash { get; set; }
}

internal sealed class AuditConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public const int NameLength = 120, ValueLength = 400;

    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("audit_entries");
        builder.Property(e => e.Name).HasMaxLength(NameLength);
        builder.Property(e => e.Before).HasMaxLength(ValueLength);
        builder.Property(e => e.After).HasMaxLength(ValueLength);
        builder.Property(e => e.Hash).HasMaxLength(64);
        builder.HasIndex(e => new { e.ActorId, e.Id });
        builder.HasIndex(e => new { e.Kind, e.Id });
        builder.HasIndex(e => new { e.Subject, e.SubjectId, e.Id });
    }
}
