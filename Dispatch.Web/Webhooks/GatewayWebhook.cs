using System.Buffers;
using System.Threading.RateLimiting;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Webhooks;

/// <summary>
/// The door for gateways. 200 means committed. Everything else makes a gateway send again, so it is said only where sending again can help or where
/// an administrator has to look.
/// </summary>
public abstract partial class GatewayWebhook : IDisposable
{
    private readonly ChannelDirectory _directory;
    private readonly DispatcherOrchestrator _orchestrator;
    private readonly ILogger _logger;
    private readonly PartitionedRateLimiter<long> _pace;

    protected GatewayWebhook(ChannelDirectory directory, DispatcherOrchestrator orchestrator, IOptions<WebhookOptions> options, ILogger logger)
    {
        _directory = directory;
        _orchestrator = orchestrator;
        _logger = logger;
        var perSecond = options.Value.MaxPerSecond;
        _pace = PartitionedRateLimiter.Create<long, long>(channel => RateLimitPartition.GetFixedWindowLimiter(
            channel, _ => new FixedWindowRateLimiterOptions { PermitLimit = perSecond, Window = TimeSpan.FromSeconds(1), QueueLimit = 0 }));
    }

    public async Task<IResult> HandleAsync(string channel, HttpContext context)
    {
        var request = context.Request;
        if (CheckCaller(request) is { } closed) return closed;
        if (await FindAsync(channel, context.RequestAborted) is not { } entry) return NoChannel();
        if (CheckCaller(entry, request) is { } refused) return refused;
        System.Diagnostics.Activity.Current?.SetTag("dispatch.channel.id", entry.Id);
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

    public void Dispose()
    {
        _pace.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Null: no such channel of this gateway.</summary>
    protected async ValueTask<ChannelEntry?> FindAsync(string channel, CancellationToken cancel) =>
        await _directory.FindAsync(channel, cancel) is { } entry && IsMine(entry.Provider) ? entry : null;

    protected abstract bool IsMine(ChannelProvider provider);

    /// <summary>Before anything is looked up. Null: come in.</summary>
    protected virtual IResult? CheckCaller(HttpRequest request) => null;

    /// <summary>By what the channel knows. Null: come in.</summary>
    protected virtual IResult? CheckCaller(ChannelEntry entry, HttpRequest request) => null;

    /// <summary>Reads the bytes as they came.</summary>
    protected abstract WebhookReading Read(ChannelEntry entry, HttpRequest request, ReadOnlySequence<byte> body);

    /// <summary>What a call says besides messages, before these are stored; returns the messages that are left. Again with the same call it changes nothing.</summary>
    protected virtual Task<IReadOnlyList<InboundMessage>> NewsAsync(ChannelEntry entry, GatewayPayload payload) => Task.FromResult(payload.Messages);

    protected static IResult NoChannel() => Problem(StatusCodes.Status404NotFound, "There is no channel with this key.");

    protected static IResult Problem(int status, string detail, IReadOnlyList<PayloadError>? errors = null) => Results.Problem(
        detail, statusCode: status, extensions: errors is null ? null : new Dictionary<string, object?>(StringComparer.Ordinal) { ["errors"] = errors });

    private async Task<IResult> TakeAsync(ChannelEntry entry, HttpContext context)
    {
        WebhookReading? read;
        try
        {
            read = await WebhookBody.ReadAsync(context.Request, body => Read(entry, context.Request, body), context.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            return Problem(e.StatusCode, "The request's body could not be read.");
        }
        if (read is null) return Problem(StatusCodes.Status413PayloadTooLarge, $"The body is longer than {WebhookBody.MaxBytes} bytes.");
        if (read.Payload is not { } payload) return read.Refused!;
        if (payload.Problem is { } problem)
        {
            LogUnreadable(entry.Id, problem);
            return Problem(StatusCodes.Status400BadRequest, problem);
        }
        if (payload.Errors.Count > 0) LogItems(entry.Id, payload.Errors.Count);
        if (payload.AllBad) return Problem(StatusCodes.Status400BadRequest, "Nothing in the body could be taken.", payload.Errors);
        if (entry.ProfileId is null && payload.Messages.Any(m => !m.FromUs)) return NoProfile();

        var messages = await NewsAsync(entry, payload);
        var ours = payload.Messages.Count - messages.Count;
        if (messages.Count == 0 && payload.Statuses.Count == 0) return Answer(new WebhookAnswer(0, 0, payload.Ignored + ours, 0, payload.Errors));
        if (entry.ProfileId is not { } profile) return NoProfile();
        var result = await _orchestrator.HandleIncomingMessageAsync(new InboundBatch(entry.Id, profile, messages, payload.Statuses), context.RequestAborted);
        return Answer(new WebhookAnswer(result.Stored, result.Duplicates, result.Ignored + payload.Ignored + ours, result.StatusesApplied, payload.Errors));
    }

    private static IResult NoProfile() =>
        Problem(StatusCodes.Status409Conflict, "The channel has no profile yet, so nobody could answer. Create one and the gateway's next try is taken.");

    private static IResult Answer(WebhookAnswer answer) => Results.Json(answer, WebhookJson.Default.WebhookAnswer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A webhook call for channel {ChannelId} was refused: {Problem}")]
    private partial void LogUnreadable(long channelId, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "A webhook call for channel {ChannelId} could not be stored")]
    private partial void LogFailed(Exception exception, long channelId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} items of a webhook call for channel {ChannelId} were wrong and left out")]
    private partial void LogItems(long channelId, int count);
}

/// <summary>A body that was read, or why its caller is refused.</summary>
public sealed record WebhookReading(GatewayPayload? Payload, IResult? Refused = null);
