using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>Section <c>Composer</c>.</summary>
public sealed class ComposerOptions
{
    public const string Section = "Composer";

    /// <summary>The base of an OpenAI-compatible API, such as https://host/v1; <c>/chat/completions</c> is asked. Null: off.</summary>
    public Uri? Endpoint { get; set; }
    public string? Model { get; set; }

    /// <summary>Sent as a bearer token; null: none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>1 to 60 seconds; after that the template goes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A longer answer is not used. 40 to 4,096 characters.</summary>
    public int MaxLength { get; set; } = 600;
}

/// <summary>
/// Texts by any endpoint that speaks the chat-completions format. The endpoint gets the conversation, no address and no key of ours. Whatever goes wrong gives null and never an error:
/// a text is a nicety, the template is there.
/// </summary>
public sealed partial class ComposerEndpoint(
    Database database, IHttpClientFactory clients, IOptions<ComposerOptions> options, TimeProvider clock, ILogger<ComposerEndpoint> logger)
{
    public const string ClientName = "composer";
    private const int Context = 20, MaxAnswer = 64 * 1024;

    public bool IsOn => options.Value is { Endpoint: not null, Model: not null };

    /// <param name="template">What would be sent otherwise: the endpoint's example of tone and content; null: there is none.</param>
    public async Task<string?> WriteAsync(string kind, ProspectCard prospect, string? template, CancellationToken cancel)
    {
        var set = options.Value;
        try
        {
            var messages = new List<object>
            {
                new
                {
                    role = "system",
                    content = $"Write one short message of at most {set.MaxLength} characters in the language '{prospect.Language}' to {prospect.Name}. Purpose: {kind}. "
                        + (template is null ? "" : $"Keep to the meaning of this example: {template} ") + "Answer with the message alone.",
                },
            };
            messages.AddRange((await ThreadAsync(prospect.Address, cancel)).Select(m => new { role = m.Direction == MessageDirection.In ? "user" : "assistant", content = m.Text }));
            using var timeout = new CancellationTokenSource(set.Timeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
            using var client = clients.CreateClient(ClientName);
            using var request = new HttpRequestMessage(HttpMethod.Post, set.Endpoint!.AbsoluteUri.TrimEnd('/') + "/chat/completions")
                { Content = JsonContent.Create(new { model = set.Model, messages, max_tokens = set.MaxLength }) };
            if (set.ApiKey is { } key) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var response = await client.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                LogNotWritten(kind, prospect.Id, ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture));
                return null;
            }
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(either.Token));
            var text = OutsideText.Mend(answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString() ?? "").Trim();
            if (text.Length > 0 && text.Length <= set.MaxLength && !Messaging.Placeholders.Names(text).Any()) return text;
            LogNotWritten(kind, prospect.Id, "length");
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException or IOException)
        {
            LogNotWritten(kind, prospect.Id, e.GetType().Name);
            return null;
        }
    }

    /// <summary>The newest messages with him, oldest first.</summary>
    private async Task<IReadOnlyList<Said>> ThreadAsync(string address, CancellationToken cancel)
    {
        await using var db = database.Read();
        var conversation = await (from c in db.Conversations
                                  join contact in db.Contacts on c.ContactId equals contact.Id
                                  where contact.Address == address
                                  orderby c.Id descending
                                  select (long?)c.Id).FirstOrDefaultAsync(cancel);
        if (conversation is not { } id) return [];
        var newest = await db.Messages.Where(m => m.ConversationId == id).OrderByDescending(m => m.Id).Take(Context).Select(m => new Said(m.Direction, m.Text)).ToListAsync(cancel);
        newest.Reverse();
        return newest;
    }

    internal static void Configure(HttpClient client)
    {
        client.Timeout = System.Threading.Timeout.InfiniteTimeSpan;
        client.MaxResponseContentBufferSize = MaxAnswer;
    }

    private sealed record Said(MessageDirection Direction, string Text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The composer wrote nothing of use ({Kind}, prospect {ProspectId}): {Cause}")]
    private partial void LogNotWritten(string kind, long prospectId, string cause);
}
