using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Meta;

/// <summary>Section <c>Gateways:Meta</c>.</summary>
public sealed class MetaOptions
{
    public const string Section = "Gateways:Meta";

    /// <summary>Another address lets a test server stand in.</summary>
    public Uri BaseAddress { get; set; } = new("https://graph.facebook.com");

    /// <summary>Of the Graph API: v and a number.</summary>
    public string Version { get; set; } = "v23.0";

    /// <summary>How long one call may take. 1 to 40 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    public PaceOptions Pace { get; set; } = new() { PerChannel = 20, PerProvider = 200, Burst = 20 };
}

internal sealed record MetaText([property: JsonPropertyName("preview_url")] bool PreviewUrl, [property: JsonPropertyName("body")] string Body);

internal sealed record MetaTextRequest(
    [property: JsonPropertyName("messaging_product")] string Product, [property: JsonPropertyName("recipient_type")] string RecipientType, [property: JsonPropertyName("to")] string To,
    [property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("text")] MetaText Text);

internal sealed record MetaLanguage([property: JsonPropertyName("code")] string Code);

internal sealed record MetaParameter([property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("text")] string Text);

internal sealed record MetaComponent([property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("parameters")] IReadOnlyList<MetaParameter> Parameters);

internal sealed record MetaTemplate(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("language")] MetaLanguage Language, [property: JsonPropertyName("components")] IReadOnlyList<MetaComponent> Components);

internal sealed record MetaTemplateRequest(
    [property: JsonPropertyName("messaging_product")] string Product, [property: JsonPropertyName("recipient_type")] string RecipientType, [property: JsonPropertyName("to")] string To,
    [property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("template")] MetaTemplate Template);

[JsonSerializable(typeof(MetaTextRequest))]
[JsonSerializable(typeof(MetaTemplateRequest))]
internal sealed partial class MetaJson : JsonSerializerContext;

/// <summary>Sends texts and approved templates through <c>POST /{version}/{phone number id}/messages</c>. Without a message of the contact in 24 hours Meta takes only templates.</summary>
public sealed partial class MetaGateway(
    IHttpClientFactory clients, ChannelTokens tokens, GatewayPace pace, IOptions<MetaOptions> options, TimeProvider clock, ILogger<MetaGateway> logger) : IMessageGateway
{
    public const string ClientName = "meta";
    public const int MaxText = 4096;

    public ChannelProvider Provider => ChannelProvider.Meta;

    public async Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        if (tokens.Open(message.ProtectedToken) is not { Token: { } token, Account: { } number }) return SendResult.Failed(SendFailure.BadToken);
        if (!message.Address.All(char.IsAsciiDigit)) return SendResult.Failed(SendFailure.BadRecipient);
        if (message.Text.Length > MaxText) return SendResult.Failed(SendFailure.BadContent);
        if (!await pace.EnterAsync(Provider, message.ChannelId, options.Value.Pace, cancel)) return SendResult.Failed(SendFailure.TooMany);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{options.Value.BaseAddress.AbsoluteUri.TrimEnd('/')}/{options.Value.Version}/{number}/messages")
        {
            Content = new ByteArrayContent(Body(message)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var client = clients.CreateClient(ClientName);
        var answer = await GatewayCall.SendAsync(client, request, options.Value.Timeout, clock, cancel);
        if (answer.Status is null)
        {
            LogBroken(message.Id, answer.Started, answer.Cause);
            return SendResult.Failed(answer.Started ? SendFailure.Unknown : SendFailure.Unreachable);
        }
        if (answer.RetryAfter is { } wait && !answer.IsSuccess) pace.Hold(message.ChannelId, wait);
        return answer.IsSuccess
            ? MetaAnswer.MessageId(answer) is { } id ? SendResult.Sent(id) : SendResult.Failed(SendFailure.Unknown)
            : SendResult.Failed(MetaAnswer.Failure(answer));
    }

    private static byte[] Body(OutboundMessage message) => message.Template is { } template
        ? JsonSerializer.SerializeToUtf8Bytes(
            new MetaTemplateRequest("whatsapp", "individual", message.Address, "template", new MetaTemplate(template.Name, new MetaLanguage(template.Language),
                template.Parameters.Count == 0 ? [] : [new MetaComponent("body", [.. template.Parameters.Select(p => new MetaParameter("text", p))])])), MetaJson.Default.MetaTemplateRequest)
        : JsonSerializer.SerializeToUtf8Bytes(new MetaTextRequest("whatsapp", "individual", message.Address, "text", new MetaText(false, message.Text)), MetaJson.Default.MetaTextRequest);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The call to Meta for message {MessageId} broke (body on its way: {Started}): {Cause}")]
    private partial void LogBroken(long messageId, bool started, string? cause);
}
