using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;

namespace Dispatch.Web.Account;

/// <summary>The second step of a sign-in: the code from the phone, or a recovery code.</summary>
public sealed partial class CodePage
{
    [Parameter]
    public string? Keep { get; set; }

    [SupplyParameterFromQuery]
    public bool Recovery { get; set; }

    [SupplyParameterFromForm(FormName = "code")]
    public string? Code { get; set; }

    [SupplyParameterFromForm(FormName = "code")]
    public bool RememberMachine { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    private string Other
    {
        get
        {
            var path = With(Keep is null ? "/account/code" : "/account/code/remember");
            if (Recovery) return path;
            return path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "recovery=true";
        }
    }

    private async Task SubmitAsync()
    {
        if (await SignIns.GetTwoFactorAuthenticationUserAsync() is not { } user)
        {
            Problem = Words["StartAgain"];
            return;
        }
        var code = (Code ?? "").Replace(" ", "", StringComparison.Ordinal);
        SignInResult result;
        if (Recovery)
        {
            // Identity does not count wrong recovery codes, so they are counted here: they must not be free to guess.
            if (await Users.IsLockedOutAsync(user)) result = SignInResult.LockedOut;
            else result = await SignIns.TwoFactorRecoveryCodeSignInAsync(code);
            if (!result.Succeeded && !result.IsLockedOut) await Users.AccessFailedAsync(user);
        }
        else
        {
            result = await SignIns.TwoFactorAuthenticatorSignInAsync(code.Replace("-", "", StringComparison.Ordinal), Keep is not null, RememberMachine);
        }
        if (result.Succeeded) GoOn();
        else if (result.IsLockedOut) Problem = await LockedOutTextAsync(user, Clock);
        else if (result.IsNotAllowed) Problem = Words["AccountDisabled"];
        else Problem = Words[Recovery ? "WrongRecovery" : "WrongCode"];
    }
}
