using Dispatch.Core.Gateways;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

internal static class CredentialWords
{
    /// <summary>A sentence that names the field as its label does.</summary>
    public static string Wrong(IStringLocalizer<Resources.Profiles> words, ChannelProvider provider, string field) => words["Error_BadCredentials", field switch
    {
        "server" => words["Server"].Value,
        "account" => words["Account_" + provider].Value,
        "userId" => words["UserId"].Value,
        "secret" => words["Secret_" + provider].Value,
        "verifyToken" => words["VerifyToken"].Value,
        _ => words["Token"].Value,
    }];
}
