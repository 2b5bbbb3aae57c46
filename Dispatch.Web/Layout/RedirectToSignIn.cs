using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace Dispatch.Web.Layout;

/// <summary>Also what an open page shows when its person was signed out elsewhere: the address is kept for afterwards.</summary>
public sealed class RedirectToSignIn : ComponentBase
{
    [CascadingParameter]
    public Task<AuthenticationState> State { get; set; } = null!;

    [Inject]
    public required NavigationManager Navigation { get; set; }

    protected override async Task OnInitializedAsync()
    {
        var path = "/" + Navigation.ToBaseRelativePath(Navigation.Uri);
        var signedIn = (await State).User.Identity?.IsAuthenticated == true;
        var target = signedIn ? "/account/denied" : $"/account/sign-in?return={Uri.EscapeDataString(path)}";
        Navigation.NavigateTo(signedIn && path is "/" ? "/home" : target, forceLoad: true);
    }
}
