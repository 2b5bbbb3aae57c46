namespace Dispatch.Core.Gateways;

/// <summary>What a channel may be called and hold. Pure; the page and the API both ask here.</summary>
public static class ChannelRules
{
    public const int MinKey = 2, MaxKey = 64, MaxToken = 1000;

    /// <summary>Providers whose channels people make; a connected number makes its own.</summary>
    public static IReadOnlyList<ChannelProvider> ByHand { get; } = [ChannelProvider.Simulator, ChannelProvider.Whapi];

    /// <summary>2 to 64 lower-case letters, digits and dashes: it is a word in an address.</summary>
    public static bool IsKey(string? key) =>
        key is { Length: >= MinKey and <= MaxKey } && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>It has to fit into an HTTP header: visible ASCII, at most 1000 characters. Null: none, which is allowed.</summary>
    public static bool IsToken(string? token) => token is null || (token.Length is > 0 and <= MaxToken && token.All(c => c is > ' ' and < '\x7f'));
}
