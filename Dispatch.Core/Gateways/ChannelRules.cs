namespace Dispatch.Core.Gateways;

/// <summary>What a channel may be called and hold. Pure; the page and the API both ask here.</summary>
public static class ChannelRules
{
    public const int MinKey = 2, MaxKey = 64, MaxToken = 1000;

    /// <summary>Providers whose channels people make; a connected number makes its own.</summary>
    public static IReadOnlyList<ChannelProvider> ByHand { get; } = [ChannelProvider.Simulator, ChannelProvider.Whapi, ChannelProvider.Unipile, ChannelProvider.Meta];

    /// <summary>2 to 64 lower-case letters, digits and dashes: it is a word in an address.</summary>
    public static bool IsKey(string? key) =>
        key is { Length: >= MinKey and <= MaxKey } && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>It has to fit into an HTTP header: visible ASCII, at most 1000 characters. Null: none, which is allowed.</summary>
    public static bool IsToken(string? token) => token is null || (token.Length is > 0 and <= MaxToken && token.All(c => c is > ' ' and < '\x7f'));

    public const int MaxSecret = 200, MinSecret = 16, MaxAccount = 100, MaxSealed = 2000;

    /// <summary>It needs more than one token.</summary>
    public static bool HasCredentials(ChannelProvider provider) => provider is ChannelProvider.Unipile or ChannelProvider.Meta;

    /// <summary>It has a way out of its own that somebody gives it the keys of.</summary>
    public static bool NeedsKeys(ChannelProvider provider) => provider == ChannelProvider.Whapi || HasCredentials(provider);

    /// <summary>The names of the fields that are wrong, in the order of the form; empty: none. All of a provider's fields but <c>userId</c> are needed.</summary>
    public static IReadOnlyList<string> Wrong(ChannelProvider provider, ChannelCredentials given)
    {
        var wrong = new List<string>();
        if (given.Token is null || !IsToken(given.Token)) wrong.Add("token");
        if (provider == ChannelProvider.Unipile)
        {
            if (!IsServer(given.Server)) wrong.Add("server");
            if (!IsWord(given.Account, 1, MaxAccount) || given.Account!.Contains('/', StringComparison.Ordinal)) wrong.Add("account");
            if (given.UserId is not null && !IsWord(given.UserId, 1, MaxAccount)) wrong.Add("userId");
            if (!IsWord(given.Secret, MinSecret, MaxSecret)) wrong.Add("secret");
        }
        else
        {
            if (!IsWord(given.Account, 5, 32) || !given.Account!.All(char.IsAsciiDigit)) wrong.Add("account");
            if (!IsWord(given.Secret, MinSecret, MaxSecret)) wrong.Add("secret");
            if (!IsWord(given.VerifyToken, MinSecret, MaxSecret)) wrong.Add("verifyToken");
        }
        return wrong;
    }

    /// <summary>https and a host with an optional port; plain http only to this machine, or the key would travel open.</summary>
    private static bool IsServer(string? server) =>
        server is { Length: <= 200 } && Uri.TryCreate(server, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.UserInfo.Length == 0 && uri.PathAndQuery == "/" && uri.Fragment.Length == 0;

    private static bool IsWord(string? word, int least, int most) => word is not null && word.Length >= least && word.Length <= most && word.All(c => c is > ' ' and < '\x7f');
}
