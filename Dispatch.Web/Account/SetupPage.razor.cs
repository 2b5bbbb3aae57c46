using System.Globalization;
using Dispatch.Core.People;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Account;

/// <summary>The one-time link that the first start prints.</summary>
public sealed partial class SetupPage
{
    private bool _open;

    [Parameter]
    public string Token { get; set; } = "";

    [SupplyParameterFromForm(FormName = "setup")]
    public string? Name { get; set; }

    [SupplyParameterFromForm(FormName = "setup")]
    public string? Email { get; set; }

    [SupplyParameterFromForm(FormName = "setup")]
    public string? New { get; set; }

    [SupplyParameterFromForm(FormName = "setup")]
    public string? Again { get; set; }

    [Inject]
    public required SetupLinks Links { get; set; }

    protected override async Task OnInitializedAsync() => _open = await Links.IsOpenAsync(Token);

    private async Task SubmitAsync()
    {
        if (!string.Equals(New, Again, StringComparison.Ordinal))
        {
            Problem = Words["PasswordsDiffer"];
            return;
        }
        var made = await Links.UseAsync(Token, Name ?? "", Email ?? "", New ?? "");
        if (made.Outcome != PersonOutcome.Done)
        {
            _open = made.Outcome != PersonOutcome.NotFound;
            Problem = Words[made.Outcome.ToString()];
            return;
        }
        var user = await Users.FindByIdAsync(made.Id.ToString(CultureInfo.InvariantCulture));
        await SignIns.SignInAsync(user!, isPersistent: false);
        Navigation.NavigateTo("/people");
    }
}
