using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dispatch.Tests.App;

public sealed class HealthTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Probe_WithoutAKey_IsHealthy(string path)
    {
        using var answer = await host.Bare.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, "Healthy"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Details_NameEachCheckAndThePartsOfMatching()
    {
        var health = await host.Bare.GetFromJsonAsync<JsonElement>("/health");

        Assert.Contains(health.GetProperty("status").GetString(), new[] { "Healthy", "Degraded" });
        var checks = health.GetProperty("checks").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, StringComparer.Ordinal);
        Assert.Equal("Healthy", checks["database"].GetProperty("status").GetString());
        Assert.Contains("watch", checks.Keys);
        var parts = checks["matching"].GetProperty("data");
        Assert.All(["database", "whatsapp", "timeouts", "matching"], part => Assert.Contains(parts.GetProperty(part).GetString(), new[] { "Healthy", "Warning" }));
    }
}
