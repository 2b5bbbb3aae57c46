using System.Globalization;

namespace Dispatch.Tests.Support;

internal static class NginxRoutes
{
    /// <summary>The port of the node that answers whoever has this value in the cookie; null: none did.</summary>
    public static async Task<int?> NodeOfAsync(this NginxProcess nginx, string route)
    {
        using var http = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = nginx.Address, Timeout = TimeSpan.FromSeconds(30) };
        var probe = Guid.NewGuid().ToString("N");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live?probe=" + probe);
        request.Headers.Add("Cookie", "dispatch_route=" + route);
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode) return null;
        var line = "";
        await Eventually.Async(async () =>
        {
            line = (await nginx.AccessesAsync()).LastOrDefault(l => l.StartsWith(probe + " ", StringComparison.Ordinal), "");
            return line.Length > 0;
        });
        // Several were asked: the last one answered.
        return int.Parse(line.Split(':')[^1], CultureInfo.InvariantCulture);
    }
}
