using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Gateways;

public sealed class GatewayRulesTests
{
    private static readonly ChannelCredentials Unipile = new() { Token = "key", Server = "https://api1.unipile.com:13111", Account = "acc1", Secret = "sixteen-characters" };
    private static readonly ChannelCredentials Meta = new() { Token = "key", Account = "106540352242922", Secret = "sixteen-characters", VerifyToken = "sixteen-characters" };

    [Fact]
    public void Wrong_GoodOnes_Nothing()
    {
        Assert.Empty(ChannelRules.Wrong(ChannelProvider.Unipile, Unipile));
        Assert.Empty(ChannelRules.Wrong(ChannelProvider.Unipile, Unipile with { Server = "http://127.0.0.1:8080", UserId = "ACoAAME" }));
        Assert.Empty(ChannelRules.Wrong(ChannelProvider.Meta, Meta));
    }

    [Theory]
    [InlineData("http://api1.unipile.com")]
    [InlineData("ftp://api1.unipile.com")]
    [InlineData("api1.unipile.com:13111")]
    [InlineData("https://user:word@api1.unipile.com")]
    [InlineData("https://api1.unipile.com/api/v1")]
    [InlineData(null)]
    public void Wrong_Server_IsNamed(string? server) => Assert.Equal(["server"], ChannelRules.Wrong(ChannelProvider.Unipile, Unipile with { Server = server }));

    [Fact]
    public void Wrong_EverythingMissing_NamesEachField()
    {
        Assert.Equal(["token", "server", "account", "secret"], ChannelRules.Wrong(ChannelProvider.Unipile, new ChannelCredentials()));
        Assert.Equal(["token", "account", "secret", "verifyToken"], ChannelRules.Wrong(ChannelProvider.Meta, new ChannelCredentials()));
        Assert.Equal(["account"], ChannelRules.Wrong(ChannelProvider.Meta, Meta with { Account = "+221770000000" }));
    }

    [Theory]
    [InlineData(SendFailure.RecipientLimited, ErrorClass.Transient)]
    [InlineData(SendFailure.BadContent, ErrorClass.Permanent)]
    [InlineData(SendFailure.WindowClosed, ErrorClass.Permanent)]
    [InlineData(SendFailure.AccountLimited, ErrorClass.AccountLimited)]
    public void Classify_GatewayFailures_HaveTheirClass(SendFailure failure, ErrorClass expected) => Assert.Equal(expected, RetryRules.Classify(failure));

    [Fact]
    public void After_RecipientLimited_TheAccountGoesOn() => Assert.Null(BreakerRules.After(SendFailure.RecipientLimited, 5, DateTime.UnixEpoch));

    [Fact]
    public async Task EnterAsync_BurstThenPace_RefusesWhatWouldWaitTooLong()
    {
        var clock = new FakeClock();
        var pace = new GatewayPace(clock);
        var options = new PaceOptions { PerChannel = 1, PerProvider = 100, Burst = 3, MaxWait = TimeSpan.Zero };
        for (var i = 0; i < 3; i++) Assert.True(await pace.EnterAsync(ChannelProvider.Unipile, 1, options, default));
        Assert.False(await pace.EnterAsync(ChannelProvider.Unipile, 1, options, default));
        Assert.True(await pace.EnterAsync(ChannelProvider.Unipile, 2, options, default));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await pace.EnterAsync(ChannelProvider.Unipile, 1, options, default));
        Assert.False(await pace.EnterAsync(ChannelProvider.Unipile, 1, options, default));
    }

    [Fact]
    public async Task EnterAsync_ProviderFullOrHeld_Refuses()
    {
        var clock = new FakeClock();
        var pace = new GatewayPace(clock);
        var options = new PaceOptions { PerChannel = 100, PerProvider = 1, Burst = 1, MaxWait = TimeSpan.Zero };
        Assert.True(await pace.EnterAsync(ChannelProvider.Meta, 1, options, default));
        Assert.False(await pace.EnterAsync(ChannelProvider.Meta, 2, options, default));
        clock.Advance(TimeSpan.FromSeconds(1));
        pace.Hold(2, TimeSpan.FromSeconds(30));
        Assert.False(await pace.EnterAsync(ChannelProvider.Meta, 2, options, default));
        Assert.True(await pace.EnterAsync(ChannelProvider.Meta, 3, options, default));
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await pace.EnterAsync(ChannelProvider.Meta, 2, options, default));
    }
}
