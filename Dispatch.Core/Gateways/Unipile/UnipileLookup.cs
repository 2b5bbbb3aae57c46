using System.Globalization;
using System.Net;
using System.Text.Json;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>
/// Asks the chat whether our message is in it. "Yes" is said as soon as it is seen; "no" only when every chat with the person was read back to before the attempt, long enough after it, on
/// an account that is connected. Everything else is "cannot say", and a person decides.
/// </summary>
public sealed class UnipileLookup : IMessageLookup
{
    private const int MaxPages = 20;

    /// <summary>Between the provider's clock and ours.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly UnipileApi _api;
    private readonly GatewayContacts _contacts;
    private readonly ChannelTokens _tokens;
    private readonly UnipileOptions _options;
    private readonly TimeProvider _clock;

    internal UnipileLookup(Database database, UnipileApi api, GatewayContacts contacts, ChannelTokens tokens, IOptions<UnipileOptions> options, TimeProvider clock)
    {
        _database = database;
        _api = api;
        _contacts = contacts;
        _tokens = tokens;
        _options = options.Value;
        _clock = clock;
    }

    public ChannelProvider Provider => ChannelProvider.Unipile;

    public async Task<LookupResult> FindAsync(OutboundMessage message, DateTime since, CancellationToken cancel)
    {
        var age = _clock.GetUtcNow().UtcDateTime - since;
        if (age < _options.AskAfter || _tokens.Open(message.ProtectedToken) is not { } channel) return new LookupResult(null);
        await using (var db = _database.Read())
        {
            // Signed out, Unipile knows nothing new: what it does not show may have left.
            if (await db.Channels.Where(c => c.Id == message.ChannelId).Select(c => c.Status).FirstOrDefaultAsync(cancel) != ChannelStatus.Active) return new LookupResult(null);
        }
        if (await ChatsAsync(channel, message, cancel) is not { } chats) return new LookupResult(null);
        var complete = true;
        foreach (var chat in chats)
        {
            var (found, all) = await ReadAsync(channel, chat, message.Text, since - Skew, cancel);
            if (found is not null) return new LookupResult(true, found);
            complete &= all;
        }
        return new LookupResult(complete && age >= _options.MissingAfter ? false : null);
    }

    /// <summary>Null: it could not be asked. Empty: there is no chat with him.</summary>
    private async Task<IReadOnlyCollection<string>?> ChatsAsync(ChannelCredentials channel, OutboundMessage message, CancellationToken cancel)
    {
        var chats = new HashSet<string>(StringComparer.Ordinal);
        if (await _contacts.ChatAsync(message.ChannelId, message.Address, cancel) is { } known) chats.Add(known);
        var answer = await _api.ChatsWithAsync(channel, message.Address, cancel);
        // Nobody of that id was ever written to or heard of.
        if (answer.Status == HttpStatusCode.NotFound && UnipileAnswer.TypeOf(answer) == "resource_not_found") return chats;
        if (!answer.IsSuccess || answer.Read(root => Items(root, item => PayloadFields.Text(item, "id"))) is not { } listed) return null;
        chats.UnionWith(listed.Where(id => id.Length is > 0 and <= GatewayContactConfiguration.IdLength));
        return chats;
    }

    /// <summary>Newest first, page by page, until before <paramref name="from"/>.</summary>
    private async Task<(string? Found, bool Complete)> ReadAsync(ChannelCredentials channel, string chat, string text, DateTime from, CancellationToken cancel)
    {
        string? cursor = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var answer = await _api.MessagesAsync(channel, chat, cursor, cancel);
            // A chat that is gone holds nothing that anybody could see; it says nothing either.
            if (!answer.IsSuccess) return (null, false);
            var read = answer.Read(root => new Page(Items(root, Seen.Of) ?? [], PayloadFields.Text(root, "cursor"), root.TryGetProperty("items", out _)));
            if (read is not { IsList: true }) return (null, false);
            var mine = read.Items.FirstOrDefault(m => m.IsOurs && m.At >= from && OutsideText.IsSame(m.Text, text));
            if (mine is not null) return (mine.Id, true);
            if (read.Cursor is null || read.Items.Exists(m => m.At < from)) return (null, true);
            cursor = read.Cursor;
        }
        return (null, false);
    }

    private static List<T>? Items<T>(JsonElement root, Func<JsonElement, T?> read)
        where T : class =>
        root.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray().Select(read).OfType<T>()] : null;

    private sealed record Page(List<Seen> Items, string? Cursor, bool IsList);

    private sealed record Seen(string Id, bool IsOurs, string Text, DateTime At)
    {
        public static Seen? Of(JsonElement item) =>
            PayloadFields.Text(item, "id") is { Length: > 0 and <= PayloadFields.MaxId } id
                && DateTime.TryParse(PayloadFields.Text(item, "timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var at)
                ? new Seen(id, UnipilePayload.IsTrue(item, "is_sender"), PayloadFields.Text(item, "text") ?? "", at) : null;
    }
}
