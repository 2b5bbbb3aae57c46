using Dispatch.Bench;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>The copy command as a process that is killed in the middle of the largest table (<c>Dispatch.Bench copy</c> is the full size).</summary>
[Collection(nameof(Alone))]
public sealed class CopyKillTests(PostgresServer postgres)
{
    [Fact]
    public async Task Copy_KilledInTheMiddleAndRepeated_EndsEqualAndThenHasNothingToDo()
    {
        var folder = Directory.CreateTempSubdirectory("dispatch-copy-").FullName;
        var target = await postgres.CreateDatabaseAsync(migrated: false);
        try
        {
            var drill = new CopyDrill(folder, target);
            await drill.FillAsync(conversations: 2_000, messages: 20_000);

            var killed = await drill.CopyAsync(line => CopyBench.Copied(line) > 0);
            Assert.Null(killed.ExitCode);
            Assert.NotEmpty(await drill.CompareAsync());

            var repeated = await drill.CopyAsync();
            Assert.True(repeated.ExitCode == 0, string.Join('\n', repeated.Lines));
            Assert.Empty(await drill.CompareAsync());
            Assert.EndsWith("all equal", repeated.Lines[^1], StringComparison.Ordinal);
            Assert.Contains(repeated.Lines, l => l.StartsWith("contacts ", StringComparison.Ordinal) && l.EndsWith("was there", StringComparison.Ordinal));
            Assert.Contains(repeated.Lines, l => l.StartsWith("messages ", StringComparison.Ordinal) && l.EndsWith("copied", StringComparison.Ordinal));

            var again = await drill.CopyAsync();
            Assert.Equal(0, again.ExitCode);
            Assert.DoesNotContain(again.Lines, l => l.EndsWith("copied", StringComparison.Ordinal) || CopyBench.Copied(l) >= 0);
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            await postgres.DropDatabaseAsync(target);
            Directory.Delete(folder, recursive: true);
        }
    }
}
