using Dispatch.Core.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <inheritdoc/>
public sealed class RotationTests(ChromiumFixture chromium, BrowserHost host)
    : RotationScenarios(chromium, host), IClassFixture<ChromiumFixture>, IClassFixture<BrowserHost>
{
    [Fact]
    public async Task Settings_Wrong_SaysItBesideTheFieldAndRight_HoldsAtOnce()
    {
        var settings = host.Services.GetRequiredService<SettingsService>();
        var admin = await SignInAsync(Admin);
        await admin.GotoAsync("/settings");
        var field = admin.GetByLabel("Profiles one person may hold");
        await field.FillAsync("0");
        await admin.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(admin.Locator(".setting .error")).ToHaveTextAsync("Write a whole number from 1 to 50.");
        await Expect(field).ToBeFocusedAsync();
        await Expect(field).ToHaveAttributeAsync("aria-invalid", "true");
        Assert.Equal(RoutingSettings.Standard.MaxProfiles, (await settings.RoutingAsync()).MaxProfiles);

        await field.FillAsync("5");
        await Expect(admin.Locator(".setting .error")).ToBeHiddenAsync();
        await admin.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(admin.Locator(".save [role=status]")).ToHaveTextAsync("Saved. It holds from now on.");
        Assert.Equal(5, (await settings.RoutingAsync()).MaxProfiles);
        await settings.ChangeAsync(RoutingSettings.MaxProfilesKey.Key, RoutingSettings.Standard.MaxProfiles, null);
    }
}
