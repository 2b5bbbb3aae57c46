using System.Net;
using System.Text.Json;

namespace Dispatch.Tests.App;

/// <summary>A contact's data by the API: told, refused while something is open, erased with proof.</summary>
public sealed class ApiContactTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Contact_ExportedAndErased_AnswersWithTheHashOfWhatWasExported()
    {
        using var told = await host.WebhookAsync(ApiHost.Text("privacy-1", "33699000001", "12 rue X"));
        var id = (await host.GetAsync("/api/conversations?q=33699000001")).GetProperty("items")[0].GetProperty("id").GetInt64();
        var contact = (await host.GetAsync("/api/contacts?q=33699000001")).GetProperty("items")[0].GetProperty("id").GetInt64();
        using (var open = await host.Api.PostAsync($"/api/contacts/{contact}/erase", null)) Assert.Equal(HttpStatusCode.Conflict, open.StatusCode);
        await host.PostAsync($"/api/conversations/{id}/close", new { });

        var bytes = await host.Api.GetByteArrayAsync($"/api/contacts/{contact}/export");
        Assert.Equal("12 rue X", JsonDocument.Parse(bytes).RootElement.GetProperty("conversations")[0].GetProperty("messages")[0].GetProperty("text").GetString());
        var erased = await host.PostAsync($"/api/contacts/{contact}/erase");
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), erased.GetProperty("hash").GetString());
        using var again = await host.Api.PostAsync($"/api/contacts/{contact}/erase", null);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        using var bare = await host.Bare.GetAsync($"/api/contacts/{contact}/export");
        Assert.Equal(HttpStatusCode.Unauthorized, bare.StatusCode);
    }
}
