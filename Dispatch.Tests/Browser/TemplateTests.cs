using Dispatch.Core.Matching;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>The texts that matching sends, changed by an admin.</summary>
public sealed class TemplateTests(ChromiumFixture chromium, BrowserHost host) : MatchingBrowserTest(chromium, host)
{
    [Fact]
    public async Task Text_Changed_IsPreviewedCheckedAndSentUntilItIsTheStandardAgain()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/templates?text=DriverOffer");
        var french = page.GetByRole(AriaRole.Form, new() { Name = "French" });
        var box = french.GetByRole(AriaRole.Textbox);
        await Expect(french.Locator(".bubble strong").First).ToHaveTextAsync("NOUVELLE COURSE");
        await Expect(page.GetByRole(AriaRole.Form, new() { Name = "English" }).Locator(".bubble")).ToContainTextAsync("NEW RIDE no. 1042");

        await box.FillAsync("Course {booking} : {depart}");
        await box.BlurAsync();
        await Expect(french.GetByRole(AriaRole.Alert)).ToContainTextAsync("{depart} would be sent as nothing");
        await french.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(french.GetByRole(AriaRole.Status)).ToHaveTextAsync("");

        await box.FillAsync("Course *{booking}* : {pickup}");
        await Expect(french.Locator(".bubble")).ToHaveTextAsync("Course 1042 : 12 avenue Pompidou");
        await french.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(french.GetByRole(AriaRole.Status)).ToContainTextAsync("Saved.");
        Assert.Equal("Course *{booking}* : {pickup}", (await Get<TemplateService>().ListAsync()).Single(t => t is { Key: TemplateKey.DriverOffer, Language: "fr" }).Text);
        await Expect(page.Locator("nav a[aria-current=page] .changed")).ToBeVisibleAsync();

        await french.GetByRole(AriaRole.Button, new() { Name = "Back to the standard text" }).ClickAsync();
        await Expect(french.GetByRole(AriaRole.Status)).ToContainTextAsync("standard text is sent again");
        Assert.DoesNotContain(await Get<TemplateService>().ListAsync(), t => t.IsChanged);
    }
}
