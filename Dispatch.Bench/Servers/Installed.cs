using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Dispatch.Bench.Servers;

/// <summary>Programs that have to be on the machine, and waiting for what they do.</summary>
internal static class Installed
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(15);

    /// <summary>What to do when one is not there; tests skip or fail, as they were told.</summary>
    public static Action<string> Missing { get; set; } = static reason => throw new InvalidOperationException(reason);

    /// <summary>The full path of the program.</summary>
    public static string Find(string program, params IEnumerable<string> folders)
    {
        var path = folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Where(f => f.Length > 0).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
        if (path is null) Missing($"{program} is not installed");
        return path!;
    }

    /// <summary>The folder of PostgreSQL's programs, the newest version's.</summary>
    public static string PostgresFolder()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => d + "/bin")
            : [];
        return Path.GetDirectoryName(Find("initdb", installed))!;
    }

    /// <summary>The source tree this was built from.</summary>
    public static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Dispatch.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("Dispatch.sln is in no folder above.");
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <exception cref="TimeoutException">It did not become so in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var most = timeout ?? TimeSpan.FromSeconds(20);
        for (var watch = Stopwatch.StartNew(); !await condition();)
        {
            if (watch.Elapsed > most) throw new TimeoutException(FormattableString.Invariant($"Still not so after {watch.Elapsed.TotalSeconds:F1} s: {what}"));
            await Task.Delay(Look, TimeProvider.System);
        }
    }
}
