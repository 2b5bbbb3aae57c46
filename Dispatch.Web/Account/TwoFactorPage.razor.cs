using Dispatch.Core.People;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Identity;
using QRCoder;

namespace Dispatch.Web.Account;

/// <summary>Two-factor sign-in on, off, and its recovery codes.</summary>
public sealed partial class TwoFactorPage
{
    private const int RecoveryCodes = 10;
    private AppUser? _user;
    private IReadOnlyList<string>? _codes;
    private int _codesLeft;
    private string _key = "";
    private string _qr = "";

    [SupplyParameterFromForm(FormName = "on")]
    public string? Code { get; set; }

    [SupplyParameterFromForm(FormName = "off")]
    public string? Password { get; set; }

    protected override async Task OnInitializedAsync()
    {
        _user = await Users.GetUserAsync(Context.User);
        if (_user is null) return;
        if (_user.TwoFactorEnabled) _codesLeft = await Users.CountRecoveryCodesAsync(_user);
        else await ShowKeyAsync(_user);
    }

    private async Task ShowKeyAsync(AppUser user)
    {
        var key = await Users.GetAuthenticatorKeyAsync(user);
        if (string.IsNullOrEmpty(key))
        {
            await Users.ResetAuthenticatorKeyAsync(user);
            // A new key is a new security stamp: this session stays.
            await SignIns.RefreshSignInAsync(user);
            key = await Users.GetAuthenticatorKeyAsync(user);
        }
        _key = string.Join(' ', key!.ToLowerInvariant().Chunk(4).Select(part => new string(part)));
        var address = $"otpauth://totp/Dispatch:{Uri.EscapeDataString(user.Email!)}?secret={key}&issuer=Dispatch&digits=6";
        using var data = QRCodeGenerator.GenerateQrCode(address, QRCodeGenerator.ECCLevel.M);
        using var image = new PngByteQRCode(data);
        _qr = "data:image/png;base64," + Convert.ToBase64String(image.GetGraphic(8, drawQuietZones: false));
    }

    private async Task TurnOnAsync()
    {
        if (_user is null) return;
        var code = (Code ?? "").Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        if (!await Users.VerifyTwoFactorTokenAsync(_user, Users.Options.Tokens.AuthenticatorTokenProvider, code))
        {
            Problem = Words["WrongCode"];
            return;
        }
        await Users.SetTwoFactorEnabledAsync(_user, true);
        await RenewCodesAsync();
        await SignIns.RefreshSignInAsync(_user);
    }

    private async Task RenewCodesAsync()
    {
        if (_user is { TwoFactorEnabled: true })
            _codes = [.. await Users.GenerateNewTwoFactorRecoveryCodesAsync(_user, RecoveryCodes) ?? []];
    }

    private async Task TurnOffAsync()
    {
        if (_user is null) return;
        if (_user.PasswordHash is not null)
        {
            var result = await SignIns.CheckPasswordSignInAsync(_user, Password ?? "", lockoutOnFailure: true);
            if (!result.Succeeded)
            {
                Problem = Words["WrongPassword"];
                return;
            }
        }
        await Users.SetTwoFactorEnabledAsync(_user, false);
        // The old key is spent: switching on again starts with a new one.
        await Users.ResetAuthenticatorKeyAsync(_user);
        await SignIns.RefreshSignInAsync(_user);
        await ShowKeyAsync(_user);
    }
}
