using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class LeasedTurnOnSqlite(PostgresServer postgres) : LeasedTurnCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class LeasedTurnOnPostgres(PostgresServer postgres) : LeasedTurnCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>A task that one node does every five minutes goes on elsewhere seconds after that node died. A death is made by letting the lease lapse in its row.</summary>
public abstract class LeasedTurnCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    [Fact]
    public void Term_AndALook_AreWithinFifteenSeconds() => Assert.InRange(LeasedTurn.Term + LeasedTurn.Look, TimeSpan.Zero, Seconds(15));

    [Fact]
    public async Task IsDue_OfTheHolder_IsEveryIntervalAndOfTheOtherNever()
    {
        var (mine, other) = (Turn("node-1"), Turn("node-2"));

        Assert.True(await DueAsync(mine));
        Assert.False(await DueAsync(mine));
        Assert.False(await DueAsync(other));
        Clock.Advance(Interval);
        Assert.True(await DueAsync(mine));
        mine.Again();
        Assert.True(await DueAsync(mine));
    }

    [Fact]
    public async Task IsDue_AfterTheHolderDied_IsAtOnceAndTheDeadOneFindsItTaken()
    {
        var (dead, other) = (Turn("node-1"), Turn("node-2"));
        Assert.True(await DueAsync(dead));
        Assert.False(await DueAsync(other));

        await Node.Database.WriteAsync(session => session.Db.Leases.Where(l => l.Name == "turn").ExecuteUpdateAsync(set => set.SetProperty(l => l.ExpiresAt, DateTime.UnixEpoch)));

        Assert.True(await DueAsync(other));
        Assert.False(await DueAsync(other));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await DueAsync(dead));
        Assert.Null(await dead.HoldAsync(CancellationToken.None));
    }

    private LeasedTurn Turn(string node) => new(Node.Get<Leases>(), "turn", node);

    private Task<bool> DueAsync(LeasedTurn turn) => turn.IsDueAsync(Clock.Now, Interval, CancellationToken.None);
}
