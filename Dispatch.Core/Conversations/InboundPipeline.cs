using System.Threading.Channels;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Inbound messages that arrive together are stored together: one reader takes all that wait and commits them in one transaction.
/// The answer comes after that commit. One reader also keeps the order within a conversation.
/// </summary>
public sealed class InboundPipeline : BackgroundService
{
    private readonly Channel<Request> _requests = System.Threading.Channels.Channel.CreateBounded<Request>(
        new BoundedChannelOptions(4096) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Database _database;
    private readonly InboundIngest _ingest;
    private readonly TimeProvider _clock;
    private readonly int _groupSize;

    public InboundPipeline(Database database, InboundIngest ingest, TimeProvider clock, IOptions<DatabaseOptions> options)
    {
        _database = database;
        _ingest = ingest;
        _clock = clock;
        _groupSize = options.Value.GroupSize;
    }

    /// <summary>Returns after the commit. An exception means that nothing of this batch was stored.</summary>
    public async Task<InboundResult> SubmitAsync(InboundBatch batch, CancellationToken cancel = default)
    {
        var request = new Request(batch with { Cause = Traces.Here });
        var start = _clock.GetTimestamp();
        var began = _clock.GetUtcNow();
        ConversationMetrics.OnArrived();
        try
        {
            await _requests.Writer.WriteAsync(request, cancel);
            var result = await request.Done.Task;
            ConversationMetrics.OnStored(result, _clock.GetElapsedTime(start));
            Traces.Tell(Traces.Store, request.Batch.Cause, began, ("dispatch.channel.id", batch.ChannelId), ("dispatch.messages", result.Stored), ("dispatch.duplicates", result.Duplicates));
            return result;
        }
        catch (Exception)
        {
            ConversationMetrics.OnFailed();
            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<Request>(_groupSize);
        try
        {
            while (await _requests.Reader.WaitToReadAsync(stoppingToken))
            {
                group.Clear();
                while (group.Count < _groupSize && _requests.Reader.TryRead(out var request)) group.Add(request);
                await StoreAsync(group);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // stopping: whoever still waits was not answered and will be sent again
        }
        finally
        {
            _requests.Writer.TryComplete();
            while (_requests.Reader.TryRead(out var late)) late.Done.TrySetCanceled(CancellationToken.None);
        }
    }

    private async Task StoreAsync(List<Request> group)
    {
        try
        {
            var results = await StoreTogetherAsync([.. group.Select(r => r.Batch)]);
            for (var i = 0; i < group.Count; i++) group[i].Done.TrySetResult(results[i]);
        }
        catch (Exception e) when (group.Count == 1)
        {
            group[0].Done.TrySetException(e);
        }
        catch (Exception)
        {
            // One poisonous request must not cost the others their place: each for itself.
            foreach (var request in group)
            {
                try
                {
                    request.Done.TrySetResult((await StoreTogetherAsync([request.Batch]))[0]);
                }
                catch (Exception e)
                {
                    request.Done.TrySetException(e);
                }
            }
        }
    }

    private Task<IReadOnlyList<InboundResult>> StoreTogetherAsync(IReadOnlyList<InboundBatch> batches) =>
        _database.WriteInTurnAsync(session => _ingest.StoreAsync(session, batches, _clock.GetUtcNow().UtcDateTime));

    private sealed class Request(InboundBatch batch)
    {
        public InboundBatch Batch => batch;
        public TaskCompletionSource<InboundResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
