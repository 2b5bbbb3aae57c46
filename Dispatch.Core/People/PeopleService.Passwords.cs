using System.Text;
using Dispatch.Core.Audit;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Core.People;

/// <summary>One-time links: an admin never knows anybody's password.</summary>
public sealed partial class PeopleService
{
    /// <summary>A new link for somebody who lost the password: the old password and all sessions end now.</summary>
    /// <returns>The token, or null when there is no such person.</returns>
    public async Task<string?> ResetPasswordAsync(long id, long? actorId = null)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        if (await users.FindByIdAsync(Text(id)) is not { } user) return null;
        user.PasswordHash = null;
        user.AccessFailedCount = 0;
        user.LockoutEnd = null;
        await users.UpdateSecurityStampAsync(user);
        await database.WriteAsync(session => AuditAsync(session, AuditKind.PasswordLinkMade, id, user.DisplayName, actorId, null, null));
        return Encode(await users.GeneratePasswordResetTokenAsync(user));
    }

    /// <summary>The person follows the link and chooses. A token works once: choosing changes the stamp it was made from.</summary>
    public async Task<IdentityResult> ChoosePasswordAsync(long id, string token, string password)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        if (await users.FindByIdAsync(Text(id)) is not { Disabled: false } user || Decode(token) is not { } plain)
            return IdentityResult.Failed(users.ErrorDescriber.InvalidToken());
        return await users.ResetPasswordAsync(user, plain, password);
    }

    /// <summary>Whose link this is; null when it is used, too old or not real.</summary>
    public async Task<string?> EmailForLinkAsync(long id, string token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        if (await users.FindByIdAsync(Text(id)) is not { Disabled: false } user || Decode(token) is not { } plain) return null;
        var good = await users.VerifyUserTokenAsync(
            user, users.Options.Tokens.PasswordResetTokenProvider, UserManager<AppUser>.ResetPasswordTokenPurpose, plain);
        return good ? user.Email : null;
    }

    private async Task<string?> PasswordTokenAsync(long id)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        var user = await users.FindByIdAsync(Text(id));
        return user is null ? null : Encode(await users.GeneratePasswordResetTokenAsync(user));
    }

    private static async Task<bool> IsAcceptableAsync(UserManager<AppUser> users, AppUser user, string password)
    {
        foreach (var validator in users.PasswordValidators)
        {
            if (!(await validator.ValidateAsync(users, user, password)).Succeeded) return false;
        }
        return true;
    }

    private static string Text(long id) => id.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Encode(string token) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(token));

    private static string? Decode(string token) =>
        System.Buffers.Text.Base64Url.IsValid(token) ? Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(token)) : null;
}
