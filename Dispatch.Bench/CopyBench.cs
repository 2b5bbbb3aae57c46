using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Data;

namespace Dispatch.Bench;

/// <summary>A long history from SQLite to PostgreSQL by the copy command: killed in the middle of the messages, repeated, repeated once more, and compared.</summary>
internal static class CopyBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var conversations = arguments.Number("conversations", 100_000);
        var messages = arguments.Number("messages", 1_000_000);
        Console.WriteLine($"copy of {messages} messages in {conversations} conversations from SQLite to PostgreSQL; {Measured.Machine}");
        var folder = Directory.CreateTempSubdirectory("dispatch-copy-").FullName;
        await using var target = await BenchDatabase.CreateAsync("postgresql");
        try
        {
            var drill = new CopyDrill(folder, target.ConnectionString!);
            var watch = Stopwatch.StartNew();
            await drill.FillAsync(conversations, messages);
            Console.WriteLine(FormattableString.Invariant($"  made in {watch.Elapsed.TotalSeconds:F0} s, {new FileInfo(Path.Combine(folder, "dispatch.db")).Length >> 20} MiB"));

            var killed = await drill.CopyAsync(line => Copied(line) >= messages / 2);
            Console.WriteLine(FormattableString.Invariant($"  killed after {killed.Took.TotalSeconds:F0} s: {killed.Lines[^1].Trim()}"));
            var repeated = await drill.CopyAsync();
            Print("repeated", repeated, conversations * 2L + messages);
            var again = await drill.CopyAsync();
            Print("repeated once more", again, conversations * 2L + messages);
            watch.Restart();
            var wrong = await drill.CompareAsync();
            Console.WriteLine(FormattableString.Invariant($"  compared row by row by plain SQL in {watch.Elapsed.TotalSeconds:F0} s: {(wrong.Count == 0 ? "all equal" : string.Join("; ", wrong))}"));
            var untouched = !again.Lines.Any(l => l.EndsWith("  copied", StringComparison.Ordinal) && !l.Contains(" 0 rows", StringComparison.Ordinal));
            Console.WriteLine($"  the last run copied {(untouched ? "nothing" : "something")}");
            return killed.ExitCode is null && repeated.ExitCode == 0 && again.ExitCode == 0 && wrong.Count == 0 && untouched ? 0 : 1;
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>How many messages a line of progress says were copied; -1: it says something else.</summary>
    internal static long Copied(string line)
    {
        const string said = "  messages: ";
        return line.StartsWith(said, StringComparison.Ordinal) && line.Contains("rows copied", StringComparison.Ordinal)
            ? long.Parse(line[said.Length..line.IndexOf(" of ", StringComparison.Ordinal)], NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : -1;
    }

    private static void Print(string what, CopyRun run, long rows)
    {
        var rate = run.Lines.LastOrDefault(l => Copied(l) > 0)?.Split(", ")[^1];
        Console.WriteLine(FormattableString.Invariant(
            $"  {what}: exit {run.ExitCode}, {run.Took.TotalSeconds:F0} s, {rows / run.Took.TotalSeconds:N0} rows/s all in{(rate is null ? "" : $" (messages alone {rate})")}; {run.Lines[^1]}"));
    }
}
