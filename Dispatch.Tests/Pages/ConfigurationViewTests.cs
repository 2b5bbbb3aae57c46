using Dispatch.Web.Admin;
using Microsoft.Extensions.Configuration;

namespace Dispatch.Tests.Pages;

/// <summary>What of the configuration is shown: what is known to be harmless, and nothing else.</summary>
public sealed class ConfigurationViewTests
{
    [Theory]
    [InlineData("Conversations:GracePeriod", "00:00:30", true)]
    [InlineData("Matching:MaxAsks", "3", true)]
    [InlineData("Demo:Enabled", "true", true)]
    [InlineData("Database:Path", "data/dispatch.db", true)]
    [InlineData("Numbers:Lease", "00:01:30", true)]
    [InlineData("Api:Keys:0", "123456789", false)]
    [InlineData("Webhooks:Whapi:Secret", "true", false)]
    [InlineData("Broker:Uri", "amqp://user:password@host", false)]
    [InlineData("ConnectionStrings:Dispatch", "1", false)]
    [InlineData("Matching:AdminNumbers:0", "221770000", false)]
    [InlineData("Composer:ApiKey", "5", false)]
    [InlineData("Composer:Endpoint", "https://user:word@host", false)]
    [InlineData("Outreach:Something", "a word that nobody thought of", false)]
    [InlineData("Outreach:Something", "221775556677", false)]
    public void Lines_OfAKey_ShowItsValueOnlyWhenItIsHarmless(string key, string value, bool shown)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [key] = value, ["PATH"] = "/bin" }).Build();
        Assert.Equal(new ConfigurationLine(key, shown ? value : null), Assert.Single(ConfigurationView.Lines(configuration)));
    }
}
