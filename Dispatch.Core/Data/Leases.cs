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

/// <summary>The lease went to another node while work under it was going on: what would have been written was not.</summary>
public sealed class LeaseLostException(HeldLease lease) : Exception($"The lease '{lease.Name}' has moved on from epoch {lease.Epoch}.")
{
    public HeldLease Lease { get; } = lease;
}

/// <summary>
/// One node at a time: a row with an expiry and an epoch, taken and renewed by one guarded update. Time is the database's where several nodes share
/// one, so that clocks that differ cannot make two holders.
/// </summary>
public sealed class Leases(Database database, TimeProvider clock)
{
    private static readonly AsyncLocal<HeldLease?> Current = new();

    /// <summary>Between taking a lease and the work under it; for tests that let the process sleep there.</summary>
    internal Func<HeldLease, Task>? Taken { get; set; }

    /// <summary>The lease that all writes of the caller are made under; null: none.</summary>
    internal static HeldLease? Fence => Current.Value;

    /// <summary>
    /// Does the work as the holder of this lease. Each write within asks for the lease again in its own transaction, and holds its row until the commit: a process that slept past its lease
    /// writes nothing once another has taken it.
    /// </summary>
    /// <returns>What the work returned; <paramref name="elsewhere"/> when another node got the lease in the middle.</returns>
    public async Task<T> UnderAsync<T>(HeldLease lease, Func<Task<T>> work, T elsewhere)
    {
        if (Taken is { } sleep) await sleep(lease);
        // Forgotten when this method returns: the value of an async method is its own.
        Current.Value = lease;
        try
        {
            return await work();
        }
        catch (LeaseLostException e) when (e.Lease == lease)
        {
            return elsewhere;
        }
    }

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

/// <summary>
/// A task that one node does every so often, however long that is: the lease behind it is short and looked after in between, so that another node goes on within 15 seconds of a death
/// (<see cref="Term"/> and one <see cref="Look"/>) and not after twice the interval of the task.
/// </summary>
internal sealed class LeasedTurn(Leases leases, string name, string node)
{
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(10), Look = TimeSpan.FromSeconds(4);
    private long? _epoch;
    private DateTime _dueAt;

    /// <summary>Renews or takes the lease; null: another node has it.</summary>
    public Task<HeldLease?> HoldAsync(CancellationToken cancel) => leases.TryAcquireAsync(name, node, Term, cancel);

    /// <summary>Renews or takes the lease. True: it is ours, and the task is due; at once when we took over, for nobody knows how far the one before us came.</summary>
    public async Task<bool> IsDueAsync(DateTime now, TimeSpan interval, CancellationToken cancel)
    {
        var held = await HoldAsync(cancel);
        var isNew = held is not null && held.Epoch != _epoch;
        _epoch = held?.Epoch;
        if (held is null || !(isNew || now >= _dueAt)) return false;
        _dueAt = now + interval;
        return true;
    }

    /// <summary>How long to sleep after a pass: until the task is due again, and never longer than a look.</summary>
    public TimeSpan Sleep(DateTime now)
    {
        var left = _dueAt - now;
        return _epoch is null || left > Look ? Look : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>There is more to do: due again with the next look.</summary>
    public void Again() => _dueAt = DateTime.MinValue;
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
