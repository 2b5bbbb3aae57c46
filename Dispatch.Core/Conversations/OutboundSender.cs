using System.Threading.Channels;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Sends what was stored, at once and in order within a conversation. The step to Sending is committed before the gateway is called, so a crash
/// in between leaves a message that is shown as uncertain and never sent twice.
/// </summary>
public sealed partial class OutboundSender : BackgroundService
{
    private const int Lanes = 8;

    /// <summary>Longer than any gateway call may take: what is still Sending after it has lost its sender.</summary>
    internal static readonly TimeSpan SendingFor = TimeSpan.FromSeconds(60);

    /// <summary>What was stored but not picked up within this time (a crash between commit and sending) is picked up by the sweep.</summary>
    internal static readonly TimeSpan QueuedFor = TimeSpan.FromSeconds(5);

    /// <summary>An answer waits for so long for the one before it, which another node may have on its way; then that node is taken for dead, and people come before order.</summary>
    internal static readonly TimeSpan InOrderFor = TimeSpan.FromSeconds(12);

    /// <summary>From the look at a message to the call: longer only in a process that was stopped.</summary>
    private static readonly TimeSpan StartFor = TimeSpan.FromSeconds(6);

    private readonly Channel<long>[] _lanes = [.. Enumerable.Range(0, Lanes).Select(_ => System.Threading.Channels.Channel.CreateUnbounded<long>())];
    private readonly Database _database;
    private readonly IReadOnlyDictionary<ChannelProvider, IMessageGateway> _gateways;
    private readonly GatewayWatch _watch;
    private readonly TimeProvider _clock;
    private readonly ILogger<OutboundSender> _logger;

    public OutboundSender(Database database, IEnumerable<IMessageGateway> gateways, GatewayWatch watch, TimeProvider clock, ILogger<OutboundSender> logger)
    {
        _database = database;
        _gateways = gateways.ToDictionary(g => g.Provider);
        _watch = watch;
        _clock = clock;
        _logger = logger;
    }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// A message of the conversation was committed as Queued. One lane per conversation, and which message is next says the database:
    /// two replies committed together may be told here in either order.
    /// </summary>
    public void Enqueue(long conversationId) => _lanes[conversationId % Lanes].Writer.TryWrite(conversationId);

    /// <summary>What a crash left behind: Sending for too long becomes Uncertain, Queued is sent. Returns how many rows it concerned.</summary>
    public async Task<int> SweepAsync(DateTime now, CancellationToken cancel = default)
    {
        List<Left> left;
        await using (var db = _database.Read())
        {
            // Both statuses in one condition, word for word that of the partial index, or SQLite reads the whole table.
            left = await db.Messages.Where(m => new[] { MessageStatus.Queued, MessageStatus.Sending }.Contains(m.Status) && m.StatusAt < now - QueuedFor)
                .OrderBy(m => m.Id).Select(m => new Left(m.ConversationId, m.Id, m.Status, m.StatusAt)).ToListAsync(cancel);
        }
        var queued = left.FindAll(m => m.Status == MessageStatus.Queued);
        var stuck = left.FindAll(m => m.Status == MessageStatus.Sending && m.StatusAt < now - SendingFor).ConvertAll(m => m.Id);
        if (stuck.Count > 0)
        {
            await _database.WriteAsync(session => session.Db.Messages.Where(m => stuck.Contains(m.Id) && m.Status == MessageStatus.Sending)
                .ExecuteUpdateAsync(set => set.SetProperty(m => m.Status, MessageStatus.Uncertain).SetProperty(m => m.StatusAt, now)
                    .SetProperty(m => m.Error, nameof(SendFailure.Unknown))), cancel);
            LogUncertain(stuck.Count);
        }
        foreach (var conversation in queued.Select(m => m.ConversationId).Distinct()) Enqueue(conversation);
        return queued.Count + stuck.Count;
    }

    /// <summary>
    /// Sends one message if it is still to be sent. False: another node sends it, or has its predecessor on the way; whoever that is looks for the next one afterwards.
    /// </summary>
    public async Task<bool> SendAsync(long messageId, CancellationToken cancel = default)
    {
        var (started, held) = (Now, TimeProvider.System.GetTimestamp());
        if (await _database.WriteAsync(session => ReplyStore.StartAsync(session, messageId, started, started - InOrderFor), cancel) is not { } message) return false;
        if (TimeProvider.System.GetElapsedTime(held) > StartFor)
        {
            // This process was stopped in between, and a later answer may have left since: whoever looks next decides anew.
            await _database.WriteAsync(session => ReplyStore.GiveBackAsync(session, messageId, started), CancellationToken.None);
            return false;
        }
        var result = await CallAsync(message, cancel);
        var finished = Now;
        await _database.WriteAsync(session => ReplyStore.FinishAsync(session, message, result, finished), CancellationToken.None);
        if (result.Failure is { } failure) LogNotSent(messageId, message.ChannelId, failure);
        return true;
    }

    /// <summary>The oldest message of the conversation that is still to leave.</summary>
    private async Task<long?> NextAsync(long conversationId, CancellationToken cancel)
    {
        await using var db = _database.Read();
        // The first condition is that of the partial index, or the whole conversation would be read.
        return await db.Messages
            .Where(m => new[] { MessageStatus.Queued, MessageStatus.Sending }.Contains(m.Status) && m.ConversationId == conversationId && m.Status == MessageStatus.Queued)
            .OrderBy(m => m.Id).Select(m => (long?)m.Id).FirstOrDefaultAsync(cancel);
    }

    private async Task<SendResult> CallAsync(OutboundMessage message, CancellationToken cancel)
    {
        if (!_gateways.TryGetValue(message.Provider, out var gateway)) return SendResult.Failed(SendFailure.Refused);
        try
        {
            return await _watch.SendAsync(gateway, message, null, cancel);
        }
        catch (Exception e)
        {
            // A gateway says what it knows; whatever it throws means that we do not know whether the message left.
            LogGatewayBroke(e, message.Id);
            return SendResult.Failed(SendFailure.Unknown);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([SweepForeverAsync(stoppingToken), .. _lanes.Select(lane => RunLaneAsync(lane.Reader, stoppingToken))]);

    private async Task RunLaneAsync(ChannelReader<long> lane, CancellationToken stop)
    {
        try
        {
            await foreach (var id in lane.ReadAllAsync(stop))
            {
                try
                {
                    while (await NextAsync(id, stop) is { } next && await SendAsync(next, stop))
                    {
                        // one after the other
                    }
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    LogLaneFault(e, id);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // stopping; what is Queued is found at the next start
        }
    }

    private async Task SweepForeverAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(QueuedFor, _clock);
        try
        {
            do
            {
                try
                {
                    await SweepAsync(Now, stop);
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    LogSweepFault(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // stopping
        }
    }

    private sealed record Left(long ConversationId, long Id, MessageStatus Status, DateTime StatusAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {MessageId} did not leave on channel {ChannelId}: {Failure}")]
    private partial void LogNotSent(long messageId, long channelId, SendFailure failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The gateway broke while message {MessageId} was on its way")]
    private partial void LogGatewayBroke(Exception exception, long messageId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The next message of conversation {ConversationId} could not be sent")]
    private partial void LogLaneFault(Exception exception, long conversationId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for messages left behind failed")]
    private partial void LogSweepFault(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages lost their sender and are uncertain")]
    private partial void LogUncertain(int count);
}
