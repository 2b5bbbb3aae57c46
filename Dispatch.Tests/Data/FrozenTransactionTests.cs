using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.Data;

/// <summary>A node that is stopped in the middle of a transaction keeps its locks, and everybody waits for it, unless the server ends the transaction.</summary>
public sealed class FrozenTransactionTests(PostgresServer postgres) : IAsyncLifetime
{
    private string _connectionString = "";

    public async ValueTask InitializeAsync() => _connectionString = await postgres.CreateDatabaseAsync();

    public async ValueTask DisposeAsync() => await postgres.DropDatabaseAsync(_connectionString);

    [Fact]
    public async Task Connection_AsItIsConfigured_DoesNotWaitForAStoppedNodeAndLeavesRoomForThree()
    {
        await using var db = DataServices.Open(Options(_connectionString.Replace("Maximum Pool Size=60;", "", StringComparison.Ordinal)));
        Assert.Equal("5s", await db.Database.SqlQueryRaw<string>("SELECT current_setting('idle_in_transaction_session_timeout') AS \"Value\"").SingleAsync(TestContext.Current.CancellationToken));
        var pool = new Npgsql.NpgsqlConnectionStringBuilder(db.Database.GetConnectionString()).MaxPoolSize;
        Assert.InRange(pool, 20, 30);
    }

    [Fact]
    public async Task Write_StoppedInTheMiddle_LetsOthersOnAndIsDoneAgain()
    {
        await using var services = Services(";Options=-c idle_in_transaction_session_timeout=300");
        await using var others = Services("");
        var (stopped, other) = (services.GetRequiredService<Database>(), others.GetRequiredService<Database>());
        await other.WriteAsync(async session =>
        {
            session.Db.Leases.Add(new Lease { Name = "row", Holder = "" });
            await session.Db.SaveChangesAsync();
        });
        var (began, woke, tries) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        var write = stopped.WriteAsync(async session =>
        {
            await session.ExecuteAsync("UPDATE leases SET epoch = epoch + 1 WHERE name = 'row'");
            if (Interlocked.Increment(ref tries) == 1)
            {
                began.SetResult();
                await woke.Task;
            }
            return await session.ExecuteAsync("UPDATE leases SET holder = 'me' WHERE name = 'row'");
        });
        await began.Task.InTime();

        await other.WriteAsync(session => session.ExecuteAsync("UPDATE leases SET epoch = epoch + 10 WHERE name = 'row'")).InTime();
        woke.SetResult();
        await write.InTime();

        Assert.Equal(2, tries);
        await using var db = other.Read();
        var row = await db.Leases.SingleAsync(l => l.Name == "row", TestContext.Current.CancellationToken);
        Assert.Equal((11, "me"), (row.Epoch, row.Holder));
    }

    private ServiceProvider Services(string more) => new ServiceCollection().AddLogging().AddDispatchData(Options(_connectionString + more)).BuildServiceProvider();

    private static DatabaseOptions Options(string connectionString) => new() { Provider = DatabaseProvider.PostgreSql, ConnectionString = connectionString };
}
