using Dispatch.Core.Gateways;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

/// <summary>What a person types; forgotten with the form.</summary>
public sealed class CredentialDraft
{
    public string Token { get; set; } = "";
    public string Server { get; set; } = "";
    public string Account { get; set; } = "";
    public string UserId { get; set; } = "";
    public string Secret { get; set; } = "";
    public string VerifyToken { get; set; } = "";

    public bool IsEmpty => (Token + Server + Account + UserId + Secret + VerifyToken).Trim().Length == 0;

    public ChannelCredentials Read() => new() { Token = Token, Server = Server, Account = Account, UserId = UserId, Secret = Secret, VerifyToken = VerifyToken };
}

/// <summary>The fields of a gateway that needs more than a token. They go in and never come out.</summary>
public sealed partial class CredentialFields
{
    [Parameter, EditorRequired]
    public ChannelProvider Provider { get; set; }

    [Parameter, EditorRequired]
    public CredentialDraft Draft { get; set; } = null!;

    /// <summary>Of the field that was refused; null: none.</summary>
    [Parameter]
    public string? Wrong { get; set; }

    /// <summary>Makes ids unique on a page with several.</summary>
    [Parameter, EditorRequired]
    public string Prefix { get; set; } = "";

    [Inject]
    public required IStringLocalizer<Resources.Profiles> Words { get; set; }

    private string Id(string field) => $"{Prefix}-{field}";

    private string IsWrong(string field) => Wrong == field ? "true" : "false";

    private string? Class(string field) => Wrong == field ? "error" : null;
}
