using Bunit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Dispatch.Web.Admin;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>The admin's form of a profile.</summary>
public sealed class ProfileFormTests(PostgresServer postgres) : PanelTest(postgres)
{
    [Theory]
    [InlineData("25", 25)]
    [InlineData("-100", -100)]
    [InlineData("0", 0)]
    public async Task Priority_WithinTheLimits_IsSaved(string typed, int stored)
    {
        var page = await EditAsync();
        await page.Find("input[id$=-priority]").InputAsync(typed);
        await page.Find("form").SubmitAsync();
        Assert.Empty(page.FindAll("form"));
        Assert.Equal(stored, Assert.Single(await Services.GetRequiredService<ProfileService>().ListAsync()).Priority);
        Assert.Equal(stored != 0, page.Markup.Contains($"Priority {stored}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("101")]
    [InlineData("high")]
    [InlineData("")]
    public async Task Priority_Wrong_SavesNothingAndNamesTheLimits(string typed)
    {
        var page = await EditAsync();
        await page.Find("input[id$=-name]").ChangeAsync("Renamed");
        await page.Find("input[id$=-priority]").InputAsync(typed);
        await page.Find("form").SubmitAsync();
        Assert.Contains("from -100 to 100", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", page.Find("input[id$=-priority]").GetAttribute("aria-invalid"));
        Assert.Equal("main", Assert.Single(await Services.GetRequiredService<ProfileService>().ListAsync()).Name);
    }

    [Fact]
    public async Task Locked_ShowsWhoHasIt()
    {
        var profile = await Node.AddExclusiveAsync("main");
        var ana = (await Node.AddOnlineAsync("Ana Sow"))[0];
        await Node.Get<ProfileLockService>().LockProfileAsync(profile.Id, ana, TimeSpan.FromSeconds(20), ProfileLockType.Manual);
        Assert.Equal("Ana", Page().Find(".lock-badge .who").TextContent);
    }

    private async Task<IRenderedComponent<ProfilesPage>> EditAsync()
    {
        await Node.AddProfileAsync();
        var page = Page();
        await page.Find(".card-head button").ClickAsync();
        return page;
    }

    private IRenderedComponent<ProfilesPage> Page()
    {
        Services.AddSingleton(Node.Database).AddSingleton(Node.Get<PendingDrain>()).AddSingleton(Node.Get<ProfileRotation>())
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider())
            .AddSingleton<ChannelTokens>().AddSingleton<ChannelDirectory>().AddSingleton<ChannelService>().AddSingleton<ProfileService>();
        return RenderFor<ProfilesPage>(99, Roles.Admin);
    }
}
