using System.Globalization;
using System.Security.Claims;
using Dispatch.Core.People;
using Dispatch.Web.Startup;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Account;

/// <summary>How people sign in: cookies, two-factor codes, and a look at the security stamp every half minute.</summary>
internal static class SignIn
{
    /// <summary>A disabled person is out after this long at the latest, open pages included.</summary>
    public static readonly TimeSpan StampInterval = TimeSpan.FromSeconds(30);

    public const string DisplayNameClaim = "display_name";

    public static void AddDispatchSignIn(this IdentityBuilder people)
    {
        var services = people.Services;
        people.AddSignInManager<DispatchSignInManager>().AddDefaultTokenProviders()
            .AddClaimsPrincipalFactory<DisplayNameClaims>().AddErrorDescriber<IdentityWords>();
        services.AddScoped<AuthenticationStateProvider, CircuitRevalidation>();
        services.AddAuthorization(Policies.Add);
        services.AddAuthentication(options =>
        {
            options.DefaultScheme = IdentityConstants.ApplicationScheme;
            options.DefaultSignInScheme = IdentityConstants.ExternalScheme;
        }).AddIdentityCookies();
        services.ConfigureApplicationCookie(options =>
        {
            options.Cookie.Name = "dispatch.session";
            options.LoginPath = "/account/sign-in";
            options.AccessDeniedPath = "/account/denied";
            options.ReturnUrlParameter = "return";
            options.Events.OnRedirectToLogin = context => Answer(context, StatusCodes.Status401Unauthorized);
            options.Events.OnRedirectToAccessDenied = context => Answer(context, StatusCodes.Status403Forbidden);
        });
        services.Configure<SecurityStampValidatorOptions>(options => options.ValidationInterval = StampInterval);
    }

    /// <summary>The user's id; the same value is the moderator's id. Throws for somebody who is not signed in.</summary>
    public static long Id(this ClaimsPrincipal user) =>
        long.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier)!, CultureInfo.InvariantCulture);

    /// <summary>The name colleagues see.</summary>
    public static string DisplayName(this ClaimsPrincipal user) => user.FindFirstValue(DisplayNameClaim) ?? user.Identity?.Name ?? "";

    private static Task Answer(RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (!context.Request.WantsPage()) context.Response.StatusCode = status;
        // The inbox is the root of the site, and not everybody has one: whoever has none goes to the own first page.
        else if (status == StatusCodes.Status403Forbidden && context.Request.Path == "/") context.Response.Redirect("/home");
        else context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }

    private sealed class DisplayNameClaims(
        UserManager<AppUser> users, RoleManager<IdentityRole<long>> roles, IOptions<IdentityOptions> options)
        : UserClaimsPrincipalFactory<AppUser, IdentityRole<long>>(users, roles, options)
    {
        protected override async Task<ClaimsIdentity> GenerateClaimsAsync(AppUser user)
        {
            var identity = await base.GenerateClaimsAsync(user);
            identity.AddClaim(new Claim(DisplayNameClaim, user.DisplayName));
            return identity;
        }
    }
}

/// <summary>Identity's manager, which also refuses the disabled.</summary>
public sealed class DispatchSignInManager(
    UserManager<AppUser> users, IHttpContextAccessor accessor, IUserClaimsPrincipalFactory<AppUser> claims, IOptions<IdentityOptions> options,
    ILogger<SignInManager<AppUser>> logger, IAuthenticationSchemeProvider schemes, IUserConfirmation<AppUser> confirmation)
    : SignInManager<AppUser>(users, accessor, claims, options, logger, schemes, confirmation)
{
    public override async Task<bool> CanSignInAsync(AppUser user) => !user.Disabled && await base.CanSignInAsync(user);

    public override async Task<bool> ValidateSecurityStampAsync(AppUser? user, string? securityStamp) =>
        user is { Disabled: false } && await base.ValidateSecurityStampAsync(user, securityStamp);
}
