using Dispatch.Core.People;
using Dispatch.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Account;

/// <summary>What the form pages share.</summary>
public abstract class AccountPage : ComponentBase
{
    [CascadingParameter]
    public HttpContext Context { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "return")]
    public string? Return { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Account> Words { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required UserManager<AppUser> Users { get; set; }

    [Inject]
    public required SignInManager<AppUser> SignIns { get; set; }

    /// <summary>What is wrong with the whole form; null when nothing is.</summary>
    protected string? Problem { get; set; }

    protected void GoOn() => Navigation.NavigateTo(LocalUrl.Or(Return, "/home"));

    protected string With(string page) => LocalUrl.IsLocal(Return) ? $"{page}?return={Uri.EscapeDataString(Return!)}" : page;

    /// <summary>Only here is "how long" said: to somebody who just tried.</summary>
    protected async Task<string> LockedOutTextAsync(AppUser? user, TimeProvider clock)
    {
        var until = user is null ? null : await Users.GetLockoutEndDateAsync(user);
        var minutes = until is null ? 5 : (int)Math.Ceiling((until.Value - clock.GetUtcNow()).TotalMinutes);
        return minutes <= 1 ? Words["LockedOutOne"] : Words["LockedOut", minutes];
    }
}
