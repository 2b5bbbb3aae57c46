using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Dispatch.Web.Api;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Browser;

/// <summary>
/// The whole application inside the test process on a real port, with a database of its own and the demo's people to sign in as.
/// <see cref="Address"/> says localhost: passkeys and cookies of a browser do not take 127.0.0.1 for the same.
/// </summary>
public sealed class BrowserHost : WebApplicationFactory<ApiOptions>, IBrowserSite, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dispatch-browser-").FullName;

    /// <summary>What browsers open.</summary>
    public Uri Address { get; private set; } = null!;

    public ValueTask InitializeAsync()
    {
        UseKestrel(0);
        StartServer();
        Address = new UriBuilder(ClientOptions.BaseAddress) { Host = "localhost" }.Uri;
        return ValueTask.CompletedTask;
    }

    public Task ChangeAsync(Func<DispatchDb, Task> change) => Services.GetRequiredService<Database>().WriteAsync(session => change(session.Db));

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Development");
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Database:Path", Path.Combine(_folder, "test.db"));
        builder.UseSetting("DataProtection:Path", Path.Combine(_folder, "keys"));
        builder.UseSetting("Demo:Enabled", "true");
        // People, yes; contacts come when a test lets them write.
        builder.UseSetting("Simulator:Enabled", "false");
        builder.UseSetting("Api:Keys:0", AppProcess.ApiKey);
        builder.UseSetting("Webhooks:Whapi:Secret", AppProcess.WebhookSecret);
        builder.ConfigureLogging(logging => logging.ClearProviders());
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await Folders.RemoveAsync(_folder);
        GC.SuppressFinalize(this);
    }
}
