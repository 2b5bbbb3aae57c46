using Dispatch.Core.People;
using Dispatch.Web.Shared;
using Dispatch.Web.Startup;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Dispatch.Web.Account;

internal static class AccountEndpoints
{
    /// <summary>Where the demo's one-click buttons post to; there is no such address outside the demo.</summary>
    public const string DemoSignIn = "/account/demo";

    public const string SignOut = "/account/sign-out";

    public static void MapDispatchAccount(this WebApplication app)
    {
        app.MapGet("/home", (HttpContext context) => Results.LocalRedirect(FirstPage(context))).RequireAuthorization().ExcludeFromDescription();
        app.MapPost(SignOut, async (SignInManager<AppUser> signIn, [FromForm] string? from) =>
        {
            await signIn.SignOutAsync();
            return Results.LocalRedirect("/account/sign-in");
        }).AllowAnonymous().ExcludeFromDescription();
        if (app.Configuration.DemoEnabled(app.Environment)) app.MapPost(DemoSignIn, SignInToDemoAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static string FirstPage(HttpContext context) => context.User.IsInRole(Roles.Moderator) ? "/" : "/board";

    private static async Task<IResult> SignInToDemoAsync(
        SignInManager<AppUser> signIn, UserManager<AppUser> users, [FromForm] string email, [FromForm(Name = "return")] string? address)
    {
        if (!DemoPeople.All.Any(p => string.Equals(p.Email, email, StringComparison.Ordinal))) return Results.NotFound();
        if (await users.FindByEmailAsync(email) is not { Disabled: false } user) return Results.LocalRedirect("/account/sign-in");
        await signIn.SignInAsync(user, isPersistent: false);
        return Results.LocalRedirect(LocalUrl.Or(address, "/home"));
    }
}
