using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Dispatch.Core.Data;

/// <summary>
/// Makes EF Core's SQLite provider work with whichever SQLitePCLRaw 2.x was restored, and with the newest
/// native SQLite at hand: the bundled e_sqlite3 or, on Linux, the system's libsqlite3.so.0.
/// </summary>
public static class SqliteBootstrap
{
    private static readonly Lazy<(nint Handle, int Version, string Source)> Best = new(PickNative);
    private static int _done;

    /// <summary>Where the native library came from; "" until the first SQLite call.</summary>
    public static string Native => Best.IsValueCreated ? $"{Best.Value.Source} {Best.Value.Version}" : "";
    public static List<string> Log { get; } = [];

#pragma warning disable CA2255 // deliberately in a library: has to run before EF Core loads SQLitePCLRaw
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Initialize()
    {
        if (Interlocked.Exchange(ref _done, 1) != 0) return;

        // Raised only after normal probing failed, i.e. when the file at hand has a lower assembly version
        // (2.0.x) than Microsoft.Data.Sqlite was compiled against (2.1.x). A request without a version binds.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
        {
            if (name is not { Name: { } simple, Version: not null } || !simple.StartsWith("SQLitePCLRaw.", StringComparison.Ordinal)) return null;
            lock (Log) Log.Add($"resolve {name.Name} {name.Version}");
            return context.LoadFromAssemblyName(new AssemblyName(simple));
        };

        try
        {
            var provider = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName("SQLitePCLRaw.provider.e_sqlite3"));
            NativeLibrary.SetDllImportResolver(provider, static (library, _, _) => library == "e_sqlite3" ? Best.Value.Handle : 0);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or InvalidOperationException)
        {
            // another SQLitePCLRaw provider (3.x layout, or a resolver already set): leave its own probing alone
        }
    }

    /// <summary>
    /// Before the library's first use, after which it refuses: no lock inside each connection, which is never used by two threads at once (every
    /// command and reader is disposed, so no finalizer touches one either), and no global count of allocated memory, which takes a lock at every
    /// allocation. Together a seventh of the writer's time.
    /// </summary>
    private static unsafe void Tune(nint handle)
    {
        const int multiThread = 2, memoryStatus = 9;
        if (handle == 0 || !NativeLibrary.TryGetExport(handle, "sqlite3_config", out var config)) return;
        // A C function with variable arguments. They travel like fixed ones, but for Apple's arm64, where they would be garbage.
        if (OperatingSystem.IsMacOS()) return;
        ((delegate* unmanaged[Cdecl]<int, int>)config)(multiThread);
        ((delegate* unmanaged[Cdecl]<int, int, int>)config)(memoryStatus, 0);
    }

    private static (nint, int, string) PickNative()
    {
        var assembly = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName("SQLitePCLRaw.provider.e_sqlite3"));
        NativeLibrary.TryLoad("e_sqlite3", assembly, null, out var bundled);
        var best = (Handle: bundled, Version: VersionOf(bundled), Source: "bundled");
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DISPATCH_SQLITE") != "bundled"
            && NativeLibrary.TryLoad("libsqlite3.so.0", out var system))
        {
            var version = VersionOf(system);
            if (version > best.Version) best = (system, version, "system");
        }
        Tune(best.Handle);
        return best;
    }

    private static unsafe int VersionOf(nint handle) =>
        handle != 0 && NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var f) ? ((delegate* unmanaged[Cdecl]<int>)f)() : 0;
}
