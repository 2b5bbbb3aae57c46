using Dispatch.Core.Matching;

namespace Dispatch.Web.Outreach;

internal static class ProspectNames
{
    /// <summary>A number with its plus; a provider's own id as it is.</summary>
    public static string Address(string address) => address.All(char.IsAsciiDigit) && PhoneNumbers.Read(address) is not null ? PhoneNumbers.Show(address) : address;
}
