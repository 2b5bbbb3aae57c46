using System.Globalization;
using System.Security.Claims;
using Dispatch.Core.Retention;
using Dispatch.Web.Account;

namespace Dispatch.Web.Admin;

internal static class PrivacyRoutes
{
    public static void MapDispatchPrivacy(this WebApplication app) =>
        app.MapGet("/privacy/{id:long}/export.json", async (long id, ContactData contacts, ClaimsPrincipal user, CancellationToken cancel) =>
            await contacts.ExportAsync(id, user.Id(), cancel) is { } json ? Results.File(json, "application/json", string.Create(CultureInfo.InvariantCulture, $"contact-{id}.json")) : Results.NotFound())
        .RequireAuthorization(Policies.Admin).ExcludeFromDescription();
}
