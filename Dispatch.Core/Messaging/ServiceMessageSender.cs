using System.Collections.Concurrent;
using System.Threading.Channels;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Messaging;

/// <summary>Section <c>ServiceMessages</c>.</summary>
public sealed class ServiceMessageOptions
{
    public const string Section = "ServiceMessages";

    /// <summary>Calls to gateways at once. 1 to 256.</summary>
    public int Parallel { get; set; } = 16;

    /// <summary>Messages a second on one channel; the simulator is not paced. 1 to 1,000.</summary>
    public int PerSecond { get; set; } = 20;
}

/// <summary>
/// Sends service messages: many at once, each channel at its pace. The step to Sending is committed before a gateway is called, so a crash leaves
/// messages that are Uncertain and none that is sent twice.
/// </summary>
public sealed partial class ServiceMessageSender : BackgroundService
{
    /// <summary>
    /// A chunk costs two commits and a dozen statements however many are in it. Together these bound what is Sending at any time, over all callers: what
    /// waits for its turn on a paced channel waits as Queued, and a crash leaves no more than this in doubt. Eight at once share commits: with four, fifty broadcasts at
    /// once took an eighth longer.
    /// </summary>
    private const int ChunkSize = 128, ChunksAtOnce = 8, PerPass = 2048;
    private static readonly TimeSpan SendingFor = TimeSpan.FromSeconds(60);

    /// <summary>What was left behind (a crash between commit and sending, a predecessor on its way) is looked for this often.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Channel<long> _queue = System.Threading.Channels.Channel.CreateUnbounded<long>();
    private readonly ConcurrentDictionary<long, Pace> _paces = new();
    private readonly Database _database;
    private readonly IReadOnlyDictionary<ChannelProvider, IMessageGateway> _gateways;
    private readonly IServiceMessageFollower[] _followers;
    private readonly ServiceMessageOptions _options;
    private readonly GatewayWatch _watch;
    private readonly TimeProvider _clock;
    private readonly ILogger<ServiceMessageSender> _logger;
    private readonly SemaphoreSlim _calls;
    private readonly SemaphoreSlim _chunks = new(ChunksAtOnce);

    public ServiceMessageSender(
        Database database, IEnumerable<IMessageGateway> gateways, IEnumerable<IServiceMessageFollower> followers, GatewayWatch watch, IOptions<ServiceMessageOptions> options, TimeProvider clock,
        ILogger<ServiceMessageSender> logger)
    {
        _database = database;
        _gateways = gateways.ToDictionary(g => g.Provider);
        _followers = [.. followers];
        _options = options.Value;
        _watch = watch;
        _clock = clock;
        _logger = logger;
        _calls = new SemaphoreSlim(_options.Parallel);
    }

    /// <summary>Between the commit of Sending and the call; for tests that let the process sleep there.</summary>
    internal Func<Task>? BeforeCall { get; set; }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <summary>These were committed as Queued. Never blocks.</summary>
    public void Enqueue(IEnumerable<long> ids)
    {
        foreach (var id in ids) _queue.Writer.TryWrite(id);
    }

    /// <summary>Sends these now; returns what became of each that this call sent. Others are sent by somebody else or have to wait for their predecessor.</summary>
    public async Task<IReadOnlyList<ServiceMessageResult>> SendAsync(IReadOnlyCollection<long> ids, CancellationToken cancel = default)
    {
        var results = new ConcurrentBag<ServiceMessageResult>();
        await System.Threading.Tasks.Parallel.ForEachAsync(ids.Chunk(ChunkSize), new ParallelOptions { MaxDegreeOfParallelism = ChunksAtOnce, CancellationToken = cancel },
            async (chunk, stop) =>
            {
                await _chunks.WaitAsync(stop);
                try
                {
                    foreach (var result in await SendChunkAsync(chunk, stop)) results.Add(result);
                }
                finally
                {
                    _chunks.Release();
                }
            });
        return [.. results];
    }

    /// <summary>Sends everything that may leave now, until nothing is left; returns how many left or failed.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        await SweepAsync(now, cancel);
        var total = 0;
        for (;;)
        {
            List<long> queued;
            await using (var db = _database.Read())
            {
                // The first condition is that of the partial index. Something has to stand between the two: EF takes "IN (a, b) AND = a" side by side for false.
                queued = await db.ServiceMessages
                    .Where(m => new[] { MessageStatus.Queued, MessageStatus.Sending }.Contains(m.Status) && m.ChannelId != null && m.Status == MessageStatus.Queued)
                    .OrderBy(m => m.Id).Select(m => m.Id).Take(PerPass).ToListAsync(cancel);
            }
            if (queued.Count == 0) return total;
            var sent = (await SendAsync(queued, cancel)).Count;
            total += sent;
            // The rest waits for somebody else's send; the next pass is a second away.
            if (sent == 0) return total;
        }
    }

    /// <summary>What a crash left in the middle becomes Uncertain and is never sent again by itself.</summary>
    public async Task<int> SweepAsync(DateTime now, CancellationToken cancel = default)
    {
        List<long> stuck;
        await using (var db = _database.Read())
        {
            stuck = await db.ServiceMessages
                .Where(m => new[] { MessageStatus.Queued, MessageStatus.Sending }.Contains(m.Status) && m.StatusAt < now - SendingFor && m.Status == MessageStatus.Sending)
                .Select(m => m.Id).ToListAsync(cancel);
        }
        if (stuck.Count == 0) return 0;
        foreach (var chunk in stuck.Chunk(500))
        {
            await _database.WriteAsync(session => session.Db.ServiceMessages.Where(m => chunk.Contains(m.Id) && m.Status == MessageStatus.Sending)
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, MessageStatus.Uncertain).SetProperty(m => m.StatusAt, now)
                    .SetProperty(m => m.Error, nameof(SendFailure.Unknown))), cancel);
        }
        LogUncertain(stuck.Count);
        return stuck.Count;
    }

    private async Task<IReadOnlyList<ServiceMessageResult>> SendChunkAsync(IReadOnlyList<long> ids, CancellationToken cancel)
    {
        var started = Now;
        var claim = new SendClaim(_clock, SendingFor);
        var claimed = await _database.WriteAsync(session => ServiceMessages.ClaimAsync(session, ids, started), cancel);
        if (claimed.Count == 0) return [];
        // Claimed is claimed: also while stopping each is tried, or it would be Uncertain for nothing.
        var sent = await Task.WhenAll(claimed.Select(async c => (Message: c, Result: await CallAsync(c.Outbound, claim))));
        var finished = Now;
        await _database.WriteAsync(session => ServiceMessages.FinishAsync(session, _followers, sent, finished), CancellationToken.None);
        foreach (var (message, result) in sent)
        {
            if (result.Failure is { } failure) LogNotSent(message.Id, message.Outbound.ChannelId, failure);
        }
        return [.. sent.Select(s => new ServiceMessageResult(s.Message.Id, s.Message.Kind, s.Message.BookingId, s.Message.DriverId, s.Result.Failure))];
    }

    private async Task<SendResult> CallAsync(OutboundMessage message, SendClaim claim)
    {
        if (!_gateways.TryGetValue(message.Provider, out var gateway)) return SendResult.Failed(SendFailure.Refused);
        if (message.Provider != ChannelProvider.Simulator) await _paces.GetOrAdd(message.ChannelId, _ => new Pace(_options.PerSecond)).WaitAsync(_clock);
        await _calls.WaitAsync();
        try
        {
            if (BeforeCall is { } sleep) await sleep();
            // Frozen since the commit: others have given it up.
            if (!claim.MayCall) return SendResult.Failed(SendFailure.Unknown);
            return await _watch.SendAsync(gateway, message, null, CancellationToken.None);
        }
        catch (Exception e)
        {
            // Whatever a gateway throws means that we do not know whether the message left.
            LogGatewayBroke(e, message.Id);
            return SendResult.Failed(SendFailure.Unknown);
        }
        finally
        {
            _calls.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pending = new List<long>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(Now, stoppingToken);
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var wait = Task.Delay(Interval, _clock, pause.Token);
                while (!wait.IsCompleted)
                {
                    var more = _queue.Reader.WaitToReadAsync(stoppingToken).AsTask();
                    if (await Task.WhenAny(more, wait) == wait) break;
                    pending.Clear();
                    while (pending.Count < PerPass && _queue.Reader.TryRead(out var id)) pending.Add(id);
                    if (pending.Count > 0) await SendAsync(pending, stoppingToken);
                }
                await pause.CancelAsync();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogPassFailed(e);
                await Task.Delay(Interval, _clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _calls.Dispose();
        _chunks.Dispose();
    }

    /// <summary>One after the other with a gap, in the order of asking.</summary>
    private sealed class Pace(int perSecond)
    {
        private readonly Lock _lock = new();
        private DateTime _next;

        public Task WaitAsync(TimeProvider clock)
        {
            var now = clock.GetUtcNow().UtcDateTime;
            DateTime turn;
            lock (_lock)
            {
                turn = _next > now ? _next : now;
                _next = turn + TimeSpan.FromSeconds(1.0 / perSecond);
            }
            return turn > now ? Task.Delay(turn - now, clock) : Task.CompletedTask;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Service message {MessageId} did not leave on channel {ChannelId}: {Failure}")]
    private partial void LogNotSent(long messageId, long? channelId, SendFailure failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The gateway broke while service message {MessageId} was on its way")]
    private partial void LogGatewayBroke(Exception exception, long messageId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sending service messages failed; trying again in a second")]
    private partial void LogPassFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} service messages lost their sender and are uncertain")]
    private partial void LogUncertain(int count);
}
