using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Data;

/// <summary>Who does a task that only one node may do.</summary>
public sealed class Lease
{
    public required string Name { get; set; }
    public required string Holder { get; set; }

    /// <summary>Grows with every change of holder and every lapse: the fence for whoever kept an older one.</summary>
    public long Epoch { get; set; }
    public DateTime ExpiresAt { get; set; }
}

/// <summary>A lease that was granted.</summary>
public sealed record HeldLease(string Name, string Holder, long Epoch);

/// <summary>
/// One node at a time: a row with an expiry and an epoch, taken and renewed by one guarded update. Time is the database's where several nodes share
/// one, so that clocks that differ cannot make two holders.
/// </summary>
public sealed class Leases(Database database, TimeProvider clock)
{
    /// <summary>Takes the lease, or renews one's own. Null: another node has it.</summary>
    /// <param name="node">Unique per process (<c>Node:Name</c>).</param>
    /// <param name="duration">Until when it holds without being renewed; at least twice the interval of the task.</param>
    public Task<HeldLease?> TryAcquireAsync(string name, string node, TimeSpan duration, CancellationToken cancel = default) =>
        database.WriteAsync(async session =>
        {
            var (sql, arguments) = Take(session, name, node, duration);
            if (await session.ExecuteAsync(sql, arguments) == 0)
            {
                if (await session.Db.Leases.AnyAsync(l => l.Name == name)) return null;
                // Never taken before: made already lapsed, so that the one statement above decides for everybody.
                session.Db.Leases.Add(new Lease { Name = name, Holder = "", ExpiresAt = DateTime.UnixEpoch });
                try
                {
                    await session.Db.SaveChangesAsync();
                }
                catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
                {
                    throw new StaleReadException("lease");
                }
                session.Db.ChangeTracker.Clear();
                if (await session.ExecuteAsync(sql, arguments) == 0) return null;
            }
            var epoch = await session.Db.Leases.Where(l => l.Name == name).Select(l => l.Epoch).FirstAsync();
            return new HeldLease(name, node, epoch);
        }, cancel);

    /// <summary>Lets another node have it at once. False: it was not ours any more.</summary>
    public Task<bool> ReleaseAsync(HeldLease lease, CancellationToken cancel = default) => database.WriteAsync(async session =>
        await session.Db.Leases.Where(l => l.Name == lease.Name && l.Holder == lease.Holder && l.Epoch == lease.Epoch)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, DateTime.UnixEpoch)) > 0, cancel);

    /// <summary>True while the lease is still this one: asked inside the transaction that writes what only its holder may write.</summary>
    public static async Task<bool> HoldsAsync(WriteSession session, HeldLease lease) =>
        await session.ExecuteAsync(
            "UPDATE leases SET epoch = epoch WHERE name = @name AND holder = @holder AND epoch = @epoch",
            ("name", lease.Name), ("holder", lease.Holder), ("epoch", lease.Epoch)) > 0;

    private (string Sql, (string, object?)[] Arguments) Take(WriteSession session, string name, string node, TimeSpan duration)
    {
        var text = Text(session.Dialect);
        if (session.Dialect.Now is not null) return (text, [("node", node), ("ms", duration.TotalMilliseconds), ("name", name)]);
        var now = clock.GetUtcNow().UtcDateTime;
        return (text, [("node", node), ("now", now), ("until", now + duration), ("name", name)]);
    }

    internal static string Text(SqlDialect dialect)
    {
        var (now, until) = dialect.Now is { } clock ? (clock, dialect.NowPlus("@ms")) : ("@now", "@until");
        return $"UPDATE leases SET epoch = CASE WHEN holder = @node AND expires_at > {now} THEN epoch ELSE epoch + 1 END, "
            + $"holder = @node, expires_at = {until} WHERE name = @name AND (holder = @node OR expires_at <= {now})";
    }
}

internal sealed class LeaseConfiguration : IEntityTypeConfiguration<Lease>
{
    public void Configure(EntityTypeBuilder<Lease> builder)
    {
        builder.ToTable("leases");
        builder.HasKey(l => l.Name);
        builder.Property(l => l.Name).HasMaxLength(80);
        builder.Property(l => l.Holder).HasMaxLength(64);
    }
}
