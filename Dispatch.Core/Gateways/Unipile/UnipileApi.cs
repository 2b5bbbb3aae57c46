using System.Net.Http.Json;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>Section <c>Gateways:Unipile</c>. Its address belongs to each channel.</summary>
public sealed class UnipileOptions
{
    public const string Section = "Gateways:Unipile";

    /// <summary>How long one call may take; a message may need two. 1 to 20 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    public PaceOptions Pace { get; set; } = new();

    /// <summary>A doubt younger than this is not asked about: Unipile shows a message only when it has read it back from the provider. 0 to 1 hour.</summary>
    public TimeSpan AskAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Not found is "not sent" only for a doubt older than this; before, it is "cannot say yet". 0 to 24 hours.</summary>
    public TimeSpan MissingAfter { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Invitations of one channel in 24 hours. 1 to 200.</summary>
    public int InvitationsPerDay { get; set; } = 20;
}

/// <summary>The calls of Unipile's v1 that Dispatch uses; the paths are joined to the channel's own server.</summary>
internal sealed class UnipileApi(IHttpClientFactory clients, IOptions<UnipileOptions> options, TimeProvider clock)
{
    public const string ClientName = "unipile";

    public Task<GatewayAnswer> SendInChatAsync(ChannelCredentials channel, string chatId, string text, CancellationToken cancel) =>
        CallAsync(channel, HttpMethod.Post, $"chats/{Uri.EscapeDataString(chatId)}/messages", Form(("text", text), ("account_id", channel.Account!)), cancel);

    public Task<GatewayAnswer> StartChatAsync(ChannelCredentials channel, string address, string text, CancellationToken cancel) =>
        CallAsync(channel, HttpMethod.Post, "chats", Form(("account_id", channel.Account!), ("attendees_ids", UnipileAddress.Attendee(address)), ("text", text)), cancel);

    public Task<GatewayAnswer> InviteAsync(ChannelCredentials channel, string address, string? note, CancellationToken cancel) => CallAsync(
        channel, HttpMethod.Post, "users/invite",
        JsonContent.Create(new Dictionary<string, string?>(StringComparer.Ordinal)
            { ["provider_id"] = UnipileAddress.Attendee(address), ["account_id"] = channel.Account, ["message"] = note }.Where(p => p.Value is not null).ToDictionary()),
        cancel);

    public Task<GatewayAnswer> SentInvitationsAsync(ChannelCredentials channel, string? cursor, CancellationToken cancel) =>
        CallAsync(channel, HttpMethod.Get, $"users/invite/sent?account_id={Escape(channel.Account)}&limit=100{Next(cursor)}", null, cancel);

    public Task<GatewayAnswer> ChatsWithAsync(ChannelCredentials channel, string address, CancellationToken cancel) => CallAsync(
        channel, HttpMethod.Get, $"chat_attendees/{Escape(UnipileAddress.Attendee(address))}/chats?account_id={Escape(channel.Account)}&limit=20", null, cancel);

    public Task<GatewayAnswer> MessagesAsync(ChannelCredentials channel, string chatId, string? cursor, CancellationToken cancel) =>
        CallAsync(channel, HttpMethod.Get, $"chats/{Escape(chatId)}/messages?limit=100{Next(cursor)}", null, cancel);

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");

    private static string Next(string? cursor) => cursor is null ? "" : "&cursor=" + Escape(cursor);

    /// <summary>Names quoted: not every server reads them bare.</summary>
    private static MultipartFormDataContent Form(params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields) form.Add(new StringContent(value), $"\"{name}\"");
        return form;
    }

    private async Task<GatewayAnswer> CallAsync(ChannelCredentials channel, HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, $"{channel.Server}/api/v1/{path}") { Content = content };
        request.Headers.TryAddWithoutValidation("X-API-KEY", channel.Token);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        using var client = clients.CreateClient(ClientName);
        return await GatewayCall.SendAsync(client, request, options.Value.Timeout, clock, cancel);
    }
}
