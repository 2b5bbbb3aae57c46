using System.Globalization;
using System.Security.Claims;
using Bunit;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Dispatch.Web.Browser;
using Dispatch.Web.Conversations;
using Dispatch.Web.Locks;
using Dispatch.Web.Queue;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using Xunit;
using Claim = System.Security.Claims.Claim;

namespace Dispatch.Tests.Pages;

/// <summary>Components over the real services and a database of their own, in English.</summary>
public abstract class PanelTest : BunitContext, IAsyncLifetime
{
    private readonly PostgresServer _postgres;
    private TestDatabase _store = null!;

    protected PanelTest(PostgresServer postgres)
    {
        _postgres = postgres;
        // Here and not in the initializer: what an async method sets does not leave it.
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
    }

    private protected DispatcherFixture Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, _postgres);
        Node = await _store.StartNodeAsync();
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLogging().AddLocalization().AddSingleton<TimeProvider>(Node.Clock).AddScoped<BrowserInterop>().AddScoped<BrowserTime>()
            .AddScoped<Sentences>().AddScoped<QueueWords>().AddScoped<LockSentences>().AddScoped<RotationSentences>().AddScoped<DialogService>()
            .AddSingleton(Node.Live).AddSingleton(Node.Get<ConflictResolutionService>()).AddSingleton(Node.Get<ConversationQueries>()).AddSingleton(Node.Get<ProfileLockService>())
            .AddSingleton(Node.Get<ProfileQueries>()).AddSingleton(Node.Get<ModeratorQueueService>());
    }

    /// <summary>Renders as this person sees it.</summary>
    private protected IRenderedComponent<T> RenderFor<T>(long reader, string role, Action<ComponentParameterCollectionBuilder<T>>? more = null)
        where T : IComponent => RenderFor(Task.FromResult(Who(reader, role)), more);

    private protected IRenderedComponent<T> RenderFor<T>(Task<AuthenticationState> who, Action<ComponentParameterCollectionBuilder<T>>? more = null)
        where T : IComponent => Render<T>(p =>
    {
        p.AddCascadingValue(who);
        more?.Invoke(p);
    });

    private protected static AuthenticationState Who(long reader, string role) => new(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, reader.ToString(CultureInfo.InvariantCulture)), new Claim(ClaimTypes.Role, role)], "test")));

    /// <summary>The next read of this table fails, until it is mended.</summary>
    private protected Task BreakAsync(string table) => Node.Database.WriteAsync(s => s.ExecuteAsync($"ALTER TABLE {table} RENAME TO lost_{table}"));

    private protected Task MendAsync(string table) => Node.Database.WriteAsync(s => s.ExecuteAsync($"ALTER TABLE lost_{table} RENAME TO {table}"));

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeComponentsAsync();
        await base.DisposeAsync();
        await Node.DisposeAsync();
        await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
