using Dispatch.Core.Data;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Browser;

/// <summary>One process of Dispatch on a SQLite file, that can be killed and started again.</summary>
public sealed class OneProcess : IBrowserSite, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-one-").FullName;
    private readonly int _port = NginxProcess.FreePort();
    private AppProcess? _process;

    public Uri Address => new($"http://localhost:{_port}");

    public ValueTask InitializeAsync() => new(ReadyAsync());

    public async Task ReadyAsync()
    {
        if (_process is { IsRunning: true }) return;
        if (_process is not null) await _process.DisposeAsync();
        _process = await AppProcess.StartAsync(
            _folder, _port, ("ASPNETCORE_ENVIRONMENT", "Development"), ("Demo__Enabled", "true"), ("Simulator__Enabled", "false"), ("Node__Name", "one"));
    }

    public Task KillAsync() => _process!.KillAsync();

    public HttpClient CreateClient() => new() { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    public Task ChangeAsync(Func<DispatchDb, Task> change) => throw new NotSupportedException("The file has one writer, and that is the process.");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
