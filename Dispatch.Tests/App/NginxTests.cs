using System.Net;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.App;

/// <summary>The shipped nginx when no node is there.</summary>
public sealed class NginxTests
{
    [Fact]
    public async Task NoNode_APageAskedFor_SaysSoInBothLanguagesAndComesBackByItself()
    {
        await using var nginx = await NginxProcess.StartAsync([NginxProcess.FreePort(), NginxProcess.FreePort(), NginxProcess.FreePort()]);
        using var http = new HttpClient { BaseAddress = nginx.Address };

        using var page = await http.GetAsync("/", TestContext.Current.CancellationToken);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.Contains("Dispatch is being restarted; this page comes back by itself.", html, StringComparison.Ordinal);
        Assert.Contains("Dispatch redémarre ; cette page revient d’elle-même.", html, StringComparison.Ordinal);
        Assert.Contains("http-equiv=\"refresh\"", html, StringComparison.Ordinal);
        // What an open page asks before it loads again.
        using var here = await http.GetAsync("/here", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, here.StatusCode);
        // A gateway sends its message again.
        using var webhook = await http.PostAsync("/webhooks/whapi/shop", new StringContent("{}"), TestContext.Current.CancellationToken);
        Assert.True((int)webhook.StatusCode >= 500);
    }
}
