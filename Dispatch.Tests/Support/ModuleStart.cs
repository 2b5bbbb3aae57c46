using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Dispatch.Core.Data;

namespace Dispatch.Tests.Support;

/// <summary>What has to be bound before any test touches SQLite or bUnit; see build/SqliteBootstrap.cs for the why.</summary>
internal static class ModuleStart
{
    [ModuleInitializer]
    public static void Run()
    {
        SqliteBootstrap.Initialize();
        // Programs that benchmarks and tests start alike: a test without them is skipped.
        Bench.Servers.Installed.Missing = ServerRequirement.Missing;
        // bunit asks for AngleSharp.Diffing 1.x, a partial registry holds 0.17: a request without a version binds what is there.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            name is { Name: "AngleSharp.Diffing", Version: not null } ? context.LoadFromAssemblyName(new AssemblyName(name.Name)) : null;
    }
}
