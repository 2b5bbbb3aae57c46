using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;

namespace Dispatch.Web.Account;

public sealed partial class PasswordPage
{
    private bool _hasPassword = true;
    private string? _done;

    [SupplyParameterFromForm(FormName = "password")]
    public string? Current { get; set; }

    [SupplyParameterFromForm(FormName = "password")]
    public string? New { get; set; }

    [SupplyParameterFromForm(FormName = "password")]
    public string? Again { get; set; }

    protected override async Task OnInitializedAsync() =>
        _hasPassword = await Users.GetUserAsync(Context.User) is not { PasswordHash: null };

    private async Task SubmitAsync()
    {
        if (!string.Equals(New, Again, StringComparison.Ordinal))
        {
            Problem = Words["PasswordsDiffer"];
            return;
        }
        if (await Users.GetUserAsync(Context.User) is not { } user) return;
        var result = _hasPassword
            ? await ChangeAsync(user)
            : await Users.AddPasswordAsync(user, New ?? "");
        if (!result.Succeeded)
        {
            Problem = string.Join(" ", result.Errors.Select(e => e.Description));
            return;
        }
        await SignIns.RefreshSignInAsync(user);
        _hasPassword = true;
        _done = Words["PasswordChanged"];
    }

    private async Task<IdentityResult> ChangeAsync(Core.People.AppUser user)
    {
        // A stolen session must not be a place to guess the password at leisure.
        if (await Users.IsLockedOutAsync(user)) return IdentityResult.Failed(Users.ErrorDescriber.PasswordMismatch());
        var result = await Users.ChangePasswordAsync(user, Current ?? "", New ?? "");
        if (result.Errors.Any(e => e.Code is nameof(IdentityErrorDescriber.PasswordMismatch))) await Users.AccessFailedAsync(user);
        return result;
    }
}
