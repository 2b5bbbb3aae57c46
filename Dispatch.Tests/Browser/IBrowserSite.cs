using Dispatch.Core.Data;
using Microsoft.Playwright;

namespace Dispatch.Tests.Browser;

/// <summary>What browsers are pointed at: one process or several, with the demo's people and no contacts of its own.</summary>
public interface IBrowserSite
{
    Uri Address { get; }

    /// <summary>For the API and the webhooks.</summary>
    HttpClient CreateClient();

    /// <summary>What no route changes: written past the application, in one transaction.</summary>
    Task ChangeAsync(Func<DispatchDb, Task> change);

    /// <summary>Before each test: all of it runs.</summary>
    Task ReadyAsync() => Task.CompletedTask;

    /// <summary>What leads this person's browser to the node that is his.</summary>
    IReadOnlyList<Cookie> CookiesOf(string person) => [];

    /// <summary>Returns when he is where he should be.</summary>
    Task SignedInAsync(string person) => Task.CompletedTask;
}
