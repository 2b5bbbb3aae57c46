using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Account;

/// <summary>The few of Identity's refusals that people can meet here, in their language.</summary>
internal sealed class IdentityWords(IStringLocalizer<Resources.Account> words) : IdentityErrorDescriber
{
    public override IdentityError PasswordTooShort(int length) => Say(nameof(PasswordTooShort), length);
    public override IdentityError PasswordRequiresUniqueChars(int uniqueChars) => Say(nameof(PasswordRequiresUniqueChars), uniqueChars);
    public override IdentityError PasswordMismatch() => Say(nameof(PasswordMismatch));
    public override IdentityError InvalidToken() => Say(nameof(InvalidToken));
    public override IdentityError ConcurrencyFailure() => Say(nameof(ConcurrencyFailure));

    private IdentityError Say(string code, params object[] arguments) => new() { Code = code, Description = words[code, arguments] };
}
