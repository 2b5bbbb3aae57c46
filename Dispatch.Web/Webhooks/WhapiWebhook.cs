using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Whapi;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>
/// The door for Whapi. 200 means committed. Everything else makes Whapi send again, so it is said only where sending again can help or where an
/// administrator has to look.
/// </summary>
public sealed partial class WhapiWebhook : IDisposable
{
    public const string SecretHeader = "X-Webhook-Secret";

    private readonly ChannelDirectory _directory;
    private readonly ChannelService _channels;
    private readonly DispatcherOrchestrator _orchestrator;
    private readonly ILogger<WhapiWebhook> _logger;
    private readonly byte[]? _secretHash;
    private readonly PartitionedRateLimiter<long> _pace;

    public WhapiWebhook(
        ChannelDirectory directory, ChannelService channels, DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger<WhapiWebhook> logger)
    {
        _directory = directory;
        _channels = channels;
        _orchestrator = orchestrator;
        _logger = logger;
        var secret = options.Value.Whapi.Secret;
        _secretHash = string.IsNullOrEmpty(secret) ? null : SHA256.HashData(Encoding.UTF8.GetBytes(secret));
        var perSecond = options.Value.MaxPerSecond;
        _pace = PartitionedRateLimiter.Create<long, long>(channel => RateLimitPartition.GetFixedWindowLimiter(
            channel, _ => new FixedWindowRateLimiterOptions { PermitLimit = perSecond, Window = TimeSpan.FromSeconds(1), QueueLimit = 0 }));
    }

    public async Task<IResult> HandleAsync(string channel, HttpContext context)
    {
        var request = context.Request;
        if (_secretHash is null) return Problem(StatusCodes.Status401Unauthorized, "The webhook is closed: no secret is configured (Webhooks:Whapi:Secret).");
        if (!IsSecret(request.Headers[SecretHeader])) return Problem(StatusCodes.Status401Unauthorized, $"The header {SecretHeader} is missing or wrong.");
        if (await _directory.FindAsync(channel, context.RequestAborted) is not { } entry)
            return Problem(StatusCodes.Status404NotFound, "There is no channel with this key.");
        using (var lease = _pace.AttemptAcquire(entry.Id))
        {
            if (!lease.IsAcquired)
            {
                context.Response.Headers.RetryAfter = "1";
                return Problem(StatusCodes.Status429TooManyRequests, "Too many calls for this channel; try again in a second.");
            }
        }
        try
        {
            return await TakeAsync(entry, context);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Past the error page, so it is said here. Nothing of the call was stored: the gateway's next try brings it all.
            LogFailed(e, entry.Id);
            return Problem(StatusCodes.Status500InternalServerError, "Nothing of this call could be stored; send it again.");
        }
    }

    public void Dispose() => _pace.Dispose();

    private async Task<IResult> TakeAsync(ChannelEntry entry, HttpContext context)
    {
        WhapiResult? read;
        try
        {
            read = await WebhookBody.ParseAsync(context.Request, context.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            return Problem(e.StatusCode, "The request's body could not be read.");
        }
        if (read is not { } payload) return Problem(StatusCodes.Status413PayloadTooLarge, $"The body is longer than {WebhookBody.MaxBytes} bytes.");
        if (payload.Problem is { } problem)
        {
            LogUnreadable(entry.Id, problem);
            return Problem(StatusCodes.Status400BadRequest, problem);
        }
        if (payload.Errors.Count > 0) LogItems(entry.Id, payload.Errors.Count);
        if (payload.AllBad) return Problem(StatusCodes.Status400BadRequest, "Nothing in the body could be taken.", payload.Errors);

        if (payload.ChannelStatus is { } status) await _channels.SetStatusAsync(entry.Id, status, CancellationToken.None);
        if (payload.Messages.Count == 0 && payload.Statuses.Count == 0) return Answer(new WebhookAnswer(0, 0, payload.Ignored, 0, payload.Errors));
        if (entry.ProfileId is not { } profile)
            return Problem(StatusCodes.Status409Conflict, "The channel has no profile yet, so nobody could answer. Create one and the gateway's next try is taken.");
        var result = await _orchestrator.HandleIncomingMessageAsync(
            new InboundBatch(entry.Id, profile, payload.Messages, payload.Statuses), context.RequestAborted);
        return Answer(new WebhookAnswer(
            result.Stored, result.Duplicates, result.Ignored + payload.Ignored, result.StatusesApplied, payload.Errors));
    }

    /// <summary>Hashed first, so that the time says nothing about the length either.</summary>
    private bool IsSecret(string? given)
    {
        if (string.IsNullOrEmpty(given) || given.Length > 1024) return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), hash);
        return CryptographicOperations.FixedTimeEquals(hash, _secretHash);
    }

    private static IResult Answer(WebhookAnswer answer) => Results.Json(answer, WebhookJson.Default.WebhookAnswer);

    private static IResult Problem(int status, string detail, IReadOnlyList<WhapiItemError>? errors = null) => Results.Problem(
        detail, statusCode: status, extensions: errors is null ? null : new Dictionary<string, object?>(StringComparer.Ordinal) { ["errors"] = errors });

    [LoggerMessage(Level = LogLevel.Warning, Message = "A webhook call for channel {ChannelId} was refused: {Problem}")]
    private partial void LogUnreadable(long channelId, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "A webhook call for channel {ChannelId} could not be stored")]
    private partial void LogFailed(Exception exception, long channelId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} items of a webhook call for channel {ChannelId} were wrong and left out")]
    private partial void LogItems(long channelId, int count);
}
