using System.Globalization;
using System.Security.Claims;
using Bunit;
using Dispatch.Core.People;
using Dispatch.Web.Account;
using Dispatch.Web.Layout;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>Everybody sees what he may use; on a phone four entries and a sheet with the rest.</summary>
public sealed class NavMenuTests : BunitContext
{
    public NavMenuTests()
    {
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
        Services.AddLogging().AddLocalization().AddAuthorizationCore(Policies.Add)
            // After the placeholder that stands there already.
            .AddSingleton<IAuthorizationService, DefaultAuthorizationService>();
    }

    [Fact]
    public void Moderator_HasFewEntries_AndNoSheet()
    {
        var menu = Menu(Roles.Moderator);
        Assert.Equal(["Inbox", "Queue", "History"], menu.FindAll("a span").Select(s => s.TextContent));
        Assert.Empty(menu.FindAll("[data-nav-more], .nav-rest"));
    }

    [Fact]
    public void Admin_HasFourInTheBarAndTheRestInTheSheet_EachOnce()
    {
        var menu = Menu(Roles.Admin);
        var mine = NavEntries.All.Where(e => e.Policy != Policies.Moderator).Select(e => e.Href).ToList();
        Assert.Equal(mine, menu.FindAll("a").Select(a => a.GetAttribute("href")!));
        Assert.Equal(mine.Skip(NavEntries.InBar), menu.FindAll(".nav-rest a").Select(a => a.GetAttribute("href")!));
        var more = menu.Find("[data-nav-more]");
        Assert.Equal(("false", "nav-rest", "More"), (more.GetAttribute("aria-expanded"), more.GetAttribute("aria-controls"), more.QuerySelector("span")!.TextContent));
    }

    [Fact]
    public void Ops_SeesNoPeopleProfilesOrSettings() =>
        Assert.DoesNotContain(Menu(Roles.Ops).FindAll("a").Select(a => a.GetAttribute("href")), h => h is "/people" or "/profiles" or "/settings");

    private IRenderedComponent<NavMenu> Menu(string role) => Render<NavMenu>(p => p.AddCascadingValue(Task.FromResult(
        new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], "test"))))));
}
