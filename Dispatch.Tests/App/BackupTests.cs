using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.App;

/// <summary>A copy is made while messages pour in, checked, put in place of the original, and Dispatch starts on it.</summary>
public sealed class BackupTests : IDisposable
{
    private const int Senders = 8, Contacts = 60;
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-backup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Backup_UnderWriteLoadThenRestored_HasEverythingOfItsMomentAndStarts()
    {
        var answered = new ConcurrentQueue<string>();
        var file = Path.Combine(_folder, "backup", "one.db");
        List<string> before;
        await using (var app = await AppProcess.StartAsync(_folder))
        {
            await app.PostAsync<object>("/api/channels", new { key = "shop", provider = "Whapi", token = "a-token-of-the-gateway" });
            await app.PostAsync<object>("/api/profiles", new { name = "Shop", channel = "shop", mode = "Shared" });
            using var stop = new CancellationTokenSource();
            var posting = Task.WhenAll(Enumerable.Range(0, Senders).Select(s => PostAsync(app, s, answered, stop.Token)));
            await Eventually.Async(() => answered.Count >= 300, TimeSpan.FromSeconds(60));
            before = [.. answered];

            var (code, output) = await BackupAsync(file);
            Assert.True(code == 0, output);
            Assert.Contains("is whole", output, StringComparison.Ordinal);
            Assert.Contains("messages:", output, StringComparison.Ordinal);
            // The load went on all the while and goes on after it.
            var then = answered.Count;
            Assert.True(then > before.Count, "nothing was written while the copy was made");
            await Eventually.Async(() => answered.Count > then + 20, TimeSpan.FromSeconds(60));
            await stop.CancelAsync();
            await posting.InTime(TimeSpan.FromSeconds(60));

            // Never overwritten, and nothing left lying about.
            var bytes = await File.ReadAllBytesAsync(file);
            Assert.Equal(2, (await BackupAsync(file)).Code);
            Assert.Equal(bytes, await File.ReadAllBytesAsync(file));
            Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
            await app.StopAsync();
        }

        // Restored as docs/operations/backup.md says: the copy in place of the file, its -wal and -shm gone.
        foreach (var old in Directory.GetFiles(_folder, "dispatch.db*")) File.Delete(old);
        File.Copy(file, Path.Combine(_folder, "dispatch.db"));
        await AssertHoldsAsync(before, answered);
        await using (var app = await AppProcess.StartAsync(_folder))
        {
            // What the gateway delivers again is known or new, as before the loss.
            await PostOneAsync(app, before[0], default);
            await PostOneAsync(app, "after-the-restore", default);
            await app.StopAsync();
        }
        await AssertHoldsAsync([.. before, "after-the-restore"], answered.Append("after-the-restore"));
    }

    [Fact]
    public async Task Backup_OfNothingOrToNowhere_SaysSo()
    {
        var (code, output) = await BackupAsync(Path.Combine(_folder, "x.db"));
        Assert.Equal(2, code);
        Assert.Contains("is not there", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "x.db*"));
        (code, output) = await RunAsync(["backup"]);
        Assert.Equal(2, code);
        Assert.Contains("usage", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_OfADatabaseThatRefersToNothing_IsRefusedAndRemoved()
    {
        var source = Path.Combine(_folder, "broken.db");
        await using (var connection = new SqliteConnection($"Data Source={source};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA foreign_keys=OFF; CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id)); INSERT INTO b VALUES (1, 7);";
            await command.ExecuteNonQueryAsync();
        }
        var target = Path.Combine(_folder, "copy.db");

        var outcome = await DatabaseBackup.RunAsync(new DatabaseOptions { Path = source }, target);

        Assert.Equal((BackupResult.Broken, "a row of b refers to nothing"), (outcome.Result, outcome.Problem));
        Assert.Empty(Directory.GetFiles(_folder, "copy.db*"));
        Assert.Equal(BackupResult.NotSqlite, (await DatabaseBackup.RunAsync(new DatabaseOptions { Provider = DatabaseProvider.PostgreSql }, target)).Result);
    }

    private static async Task PostAsync(AppProcess app, int sender, ConcurrentQueue<string> answered, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var id = $"b-{sender}-{i}";
            await PostOneAsync(app, id, CancellationToken.None);
            answered.Enqueue(id);
        }
    }

    private static async Task PostOneAsync(AppProcess app, string id, CancellationToken stop)
    {
        var from = $"33600{Math.Abs(id.GetHashCode(StringComparison.Ordinal)) % Contacts:000}";
        using var answer = await app.Http.PostAsJsonAsync("/webhooks/whapi/shop", new
        {
            messages = new[] { new { id, from_me = false, type = "text", chat_id = from + "@s.whatsapp.net", timestamp = 1_772_438_400, text = new { body = "hello" }, from, from_name = "Contact" } },
        }, stop);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}");
    }

    private Task<(int Code, string Output)> BackupAsync(string target) => RunAsync(["backup", target]);

    private async Task<(int Code, string Output)> RunAsync(string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Dispatch.Web.dll"), .. args])
            { WorkingDirectory = _folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["Database__Path"] = Path.Combine(_folder, "dispatch.db");
        start.Environment["DataProtection__Path"] = Path.Combine(_folder, "keys");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().InTime(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>Everything that was answered before, nothing that was never sent, and all of it consistent.</summary>
    private async Task AssertHoldsAsync(IEnumerable<string> before, IEnumerable<string> ever)
    {
        var options = new DbContextOptionsBuilder<SqliteDispatchDb>();
        DataServices.Configure(options, new DatabaseOptions { Path = Path.Combine(_folder, "dispatch.db"), ConnectionString = "Pooling=False" });
        await using var db = new SqliteDispatchDb(options.Options);
        var stored = await db.Messages.Where(m => m.ProviderMessageId != null).Select(m => m.ProviderMessageId!).ToListAsync();
        Assert.Equal(stored.Distinct(StringComparer.Ordinal).Count(), stored.Count);
        Assert.Empty(before.Except(stored, StringComparer.Ordinal));
        // A sender may have had one on its way that was stored and not yet answered when the copy was made.
        Assert.True(stored.Except(ever, StringComparer.Ordinal).Count() <= Senders);
        Assert.Empty(await Consistency.ViolationsAsync(db));
    }
}
