using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>What an account sends through. <see cref="WorkerNumber"/>: a number that Dispatch connected itself; such an account needs the channel of that number.</summary>
public enum AccountProvider { Simulator, Whapi, Unipile, Meta, WorkerNumber }

public static class AccountProviders
{
    /// <summary>The kind of channel it needs; null: there is none of that kind here, and the account waits without a channel.</summary>
    public static ChannelProvider? ChannelOf(AccountProvider provider) =>
        Enum.TryParse<ChannelProvider>(provider == AccountProvider.WorkerNumber ? nameof(ChannelProvider.Worker) : provider.ToString(), out var channel) ? channel : null;

    /// <summary>Of an account that sends on a channel of this kind.</summary>
    public static AccountProvider Of(ChannelProvider channel) =>
        channel == ChannelProvider.Worker ? AccountProvider.WorkerNumber : Enum.Parse<AccountProvider>(channel.ToString());

    /// <summary>As people write it: whapi, worker_number, meta_cloud_api. Null: not a provider.</summary>
    public static AccountProvider? Read(string? text)
    {
        var word = string.Concat((text ?? "").Where(char.IsLetter)).ToUpperInvariant();
        return word switch
        {
            "METACLOUDAPI" or "WHATSAPPCLOUDAPI" => AccountProvider.Meta,
            "WORKER" => AccountProvider.WorkerNumber,
            _ => Enum.GetValues<AccountProvider>().Cast<AccountProvider?>().FirstOrDefault(p => p.ToString()!.ToUpperInvariant() == word),
        };
    }
}
