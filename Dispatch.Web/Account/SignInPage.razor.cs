using Dispatch.Core.People;
using Dispatch.Web.Startup;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Account;

public sealed partial class SignInPage
{
    [SupplyParameterFromForm(FormName = "sign-in")]
    public string? Email { get; set; }

    [SupplyParameterFromForm(FormName = "sign-in")]
    public string? Password { get; set; }

    [SupplyParameterFromForm(FormName = "sign-in")]
    public bool Remember { get; set; }

    /// <summary>Set after a password was chosen through a link.</summary>
    [SupplyParameterFromQuery]
    public string? Done { get; set; }

    [Inject]
    public required IConfiguration Configuration { get; set; }

    [Inject]
    public required IHostEnvironment Environment { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private bool Demo => Configuration.DemoEnabled(Environment);

    private async Task SubmitAsync()
    {
        var user = await Users.FindByEmailAsync(Email?.Trim() ?? "");
        if (user is null)
        {
            Problem = Words["WrongSignIn"];
            return;
        }
        var result = await SignIns.PasswordSignInAsync(user, Password ?? "", Remember, lockoutOnFailure: true);
        if (result.Succeeded) GoOn();
        else if (result.RequiresTwoFactor) Navigation.NavigateTo(With(Remember ? "/account/code/remember" : "/account/code"));
        else if (result.IsLockedOut) Problem = await LockedOutTextAsync(user, Clock);
        // That an account is switched off is said only to whoever knows its password.
        else if (result.IsNotAllowed && await Users.CheckPasswordAsync(user, Password ?? "")) Problem = Words["AccountDisabled"];
        else Problem = Words["WrongSignIn"];
    }
}
