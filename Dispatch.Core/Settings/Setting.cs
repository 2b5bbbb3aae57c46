using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Settings;

/// <summary>A threshold that an admin changed; what is not here has its standard value.</summary>
public sealed class Setting
{
    public required string Key { get; set; }
    public int Value { get; set; }
    public DateTime ChangedAt { get; set; }
    public long? ChangedById { get; set; }
}

public enum SettingUnit { Count, Milliseconds, Seconds, Flag, Megabytes, Days }

/// <summary>What a setting may be. Its words for people are under <c>Setting_{Key}</c>.</summary>
/// <param name="Standard">The value while nobody changed it.</param>
/// <param name="OrZero">0 is allowed as well, and means "not at all".</param>
public sealed record SettingDefinition(string Key, int Standard, int Min, int Max, SettingUnit Unit, bool OrZero = false)
{
    /// <summary>What a stored value counts as. Null: as not there. (An older version allowed it, or somebody edited the table.) Where 0 means "not at all", less than the least is the least.</summary>
    public int? Effective(int stored) => Allows(stored) ? stored : OrZero && stored > 0 && stored < Min ? Min : null;

    public bool Allows(int value) => (value >= Min && value <= Max) || (OrZero && value == 0);
}

internal sealed class SettingConfiguration : IEntityTypeConfiguration<Setting>
{
    public const int KeyLength = 80;

    public void Configure(EntityTypeBuilder<Setting> builder)
    {
        builder.ToTable("settings");
        builder.HasKey(s => s.Key);
        builder.Property(s => s.Key).HasMaxLength(KeyLength);
    }
}
