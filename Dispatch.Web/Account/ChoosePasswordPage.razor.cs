using Dispatch.Core.People;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Account;

/// <summary>Where the one-time link leads that an admin hands over.</summary>
public sealed partial class ChoosePasswordPage
{
    private string? _email;

    [SupplyParameterFromQuery]
    public long User { get; set; }

    [SupplyParameterFromQuery]
    public string? Token { get; set; }

    [SupplyParameterFromForm(FormName = "choose")]
    public string? New { get; set; }

    [SupplyParameterFromForm(FormName = "choose")]
    public string? Again { get; set; }

    [Inject]
    public required PeopleService People { get; set; }

    public static string Link(string site, long user, string token) => $"{site.TrimEnd('/')}/account/choose-password?user={user}&token={token}";

    protected override async Task OnInitializedAsync() => _email = Token is null ? null : await People.EmailForLinkAsync(User, Token);

    private async Task SubmitAsync()
    {
        if (!string.Equals(New, Again, StringComparison.Ordinal))
        {
            Problem = Words["PasswordsDiffer"];
            return;
        }
        var result = await People.ChoosePasswordAsync(User, Token ?? "", New ?? "");
        if (result.Succeeded) Navigation.NavigateTo("/account/sign-in?done=yes");
        else Problem = string.Join(" ", result.Errors.Select(e => e.Description));
    }
}
