using Dispatch.Core.Data;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Compliance;

/// <summary>The same scenarios on every database: a base class holds them, one small subclass per provider runs them. Each test has a database of its own.</summary>
public abstract class ComplianceTest(DatabaseProvider provider, PostgresServer postgres) : IAsyncLifetime
{
    protected DatabaseProvider Provider => provider;
    protected FakeClock Clock { get; } = new();
    protected TestDatabase Store { get; private set; } = null!;
    protected DispatcherFixture Node { get; private set; } = null!;
    protected Profile Profile { get; private set; } = null!;

    protected static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public virtual async ValueTask InitializeAsync()
    {
        Store = await TestDatabase.CreateAsync(provider, postgres);
        Node = await Store.StartNodeAsync(Clock);
        Profile = await Node.AddProfileAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Node is not null) await Node.DisposeAsync();
        if (Store is not null) await Store.DisposeAsync();
    }

    /// <summary>The process ends and another starts on the same database.</summary>
    protected async Task RestartAsync()
    {
        await Node.DisposeAsync();
        Node = await Store.StartNodeAsync(Clock);
    }

    /// <summary>Starts all of them at the same instant, each on a thread of its own.</summary>
    protected static Task<T[]> AtOnceAsync<T>(params Func<Task<T>>[] doers) => AtOnce.Async(doers);
}
