using System.Security.Claims;
using Dispatch.Core.Numbers;
using Dispatch.Core.People;
using Dispatch.Web.Account;

namespace Dispatch.Web.Numbers;

/// <summary>
/// The door through which people reach codes: whoever holds one can link the phone, so it asks for the role itself and does not rely on the page that calls.
/// Every method throws <see cref="UnauthorizedAccessException"/> for anybody but an admin.
/// </summary>
public sealed class AdminCodes(NumberCodes codes, NumberService numbers)
{
    public Task<CodeView?> ReadAsync(ClaimsPrincipal user, long numberId, CancellationToken cancel = default)
    {
        Check(user);
        return codes.ReadAsync(numberId, cancel);
    }

    public Task<NumberOutcome> AskPairingCodeAsync(ClaimsPrincipal user, long numberId, CancellationToken cancel = default)
    {
        Check(user);
        return numbers.AskPairingCodeAsync(numberId, cancel);
    }

    public Task<LinkMade?> MakeLinkAsync(ClaimsPrincipal user, long numberId, CancellationToken cancel = default)
    {
        Check(user);
        return codes.MakeLinkAsync(numberId, user.Id(), cancel);
    }

    public Task<LinkRow?> OpenLinkAsync(ClaimsPrincipal user, long numberId, CancellationToken cancel = default)
    {
        Check(user);
        return codes.OpenLinkAsync(numberId, cancel);
    }

    public Task<int> RevokeLinksAsync(ClaimsPrincipal user, long numberId, CancellationToken cancel = default)
    {
        Check(user);
        return codes.RevokeLinksAsync(numberId, cancel);
    }

    private static void Check(ClaimsPrincipal user)
    {
        if (user.Identity?.IsAuthenticated != true || !user.IsInRole(Roles.Admin)) throw new UnauthorizedAccessException("Codes are for admins.");
    }
}
