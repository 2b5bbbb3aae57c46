using Dispatch.Tests.Support;

[assembly: AssemblyFixture(typeof(RabbitServer))]

namespace Dispatch.Tests.Support;

/// <summary>One private RabbitMQ for the whole run, started by the first test that asks. Each test gets a virtual host of its own.</summary>
public sealed class RabbitServer : IAsyncDisposable
{
    private const int Hosts = 48;
    private readonly SemaphoreSlim _gate = new(1);
    private RabbitProcess? _process;
    private int _taken;

    /// <summary>The address of an empty virtual host. Ends the test when there is no RabbitMQ.</summary>
    public async Task<Uri> TakeHostAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _process ??= await RabbitProcess.StartAsync(Hosts);
            Assert.True(++_taken <= Hosts, "More virtual hosts are needed.");
            return _process.Address($"t{_taken}");
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _gate.Dispose();
    }
}
