using Dispatch.Core.Matching;

namespace Dispatch.Web.Outreach;

internal static class ProspectNames
{
    public static bool IsPhone(string address) => address.All(char.IsAsciiDigit) && PhoneNumbers.Read(address) is not null;

    /// <summary>A number with its plus; a provider's own id as it is.</summary>
    public static string Address(string address) => IsPhone(address) ? PhoneNumbers.Show(address) : address;
}
