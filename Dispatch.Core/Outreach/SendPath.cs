using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// The one way out: compose, commit the start, call the gateway, record what it said. Whatever is sent at once or from the queue goes through here, so the effect's row is committed as
/// Sending before any call, and what nobody answers for is Uncertain.
/// </summary>
internal sealed partial class SendPath
{
    private readonly Database _database;
    private readonly IReadOnlyDictionary<ChannelProvider, IMessageGateway> _gateways;
    private readonly MessageComposer _composer;
    private readonly OutreachNode _node;
    private readonly OutreachOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<SendPath> _logger;

    public SendPath(
        Database database, IEnumerable<IMessageGateway> gateways, MessageComposer composer, OutreachNode node, IOptions<OutreachOptions> options, TimeProvider clock,
        ILogger<SendPath> logger)
    {
        _database = database;
        _gateways = gateways.ToDictionary(g => g.Provider);
        _composer = composer;
        _node = node;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <summary>Sends what is in hand, in chunks; returns what became of each that was sent or ended here.</summary>
    public async Task<IReadOnlyList<SentAction>> SendAsync(IReadOnlyList<ClaimedAction> claimed, CancellationToken cancel)
    {
        if (claimed.Count == 1) return await SendChunkAsync(claimed, cancel);
        var results = new System.Collections.Concurrent.ConcurrentBag<SentAction>();
        await Parallel.ForEachAsync(claimed.Chunk(_options.ChunkSize), new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = CancellationToken.None },
            async (chunk, _) =>
            {
                foreach (var result in await SendChunkAsync(chunk, cancel)) results.Add(result);
            });
        return [.. results];
    }

    private async Task<IReadOnlyList<SentAction>> SendChunkAsync(IReadOnlyList<ClaimedAction> chunk, CancellationToken cancel)
    {
        var ready = new List<ReadyAction>(chunk.Count);
        var left = new List<LeftAction>();
        foreach (var action in chunk)
        {
            if (cancel.IsCancellationRequested)
            {
                left.Add(new LeftAction(action, ActionStatus.Pending, null));
                continue;
            }
            var composed = await _composer.ComposeAsync(action.Kind, action.Content, action.Prospect, action.Account.Row.Name, cancel);
            if (composed.Text is { } text) ready.Add(new ReadyAction(action, text));
            else left.Add(new LeftAction(action, ActionStatus.Failed, composed.Problem));
        }
        var owner = await _node.HoldAsync(CancellationToken.None);
        var now = Now;
        // Between the claim and now the hours may have ended, or the day whose unit was reserved.
        foreach (var late in ready.FindAll(r => StartsAt(r.Action, now) != now))
        {
            ready.Remove(late);
            left.Add(StartsAt(late.Action, now) is { } at
                ? new LeftAction(late.Action, ActionStatus.Pending, null, at) : new LeftAction(late.Action, ActionStatus.Failed, nameof(ActionEnd.NoHours)));
        }
        var started = await _database.WriteAsync(async session =>
        {
            var start = ready.Count == 0 ? [] : await ActionStore.StartAsync(session, ready, owner, now);
            if (left.Count > 0) await ActionStore.LeaveAsync(session, left, now);
            return start;
        }, CancellationToken.None);
        // The lease may have lapsed without our knowing; asked for afresh before anything else is started.
        if (started.Count < ready.Count) _node.Doubt();
        var ended = left.Select(l => new SentAction(l.Action.Id, l.Status, null, l.Why, l.DueAt));
        if (started.Count == 0) return [.. ended];
        var answers = await Task.WhenAll(started.Select(async s => (s, await CallAsync(s))));
        var finished = Now;
        var sent = await _database.WriteAsync(
            session => ActionStore.FinishAsync(session, answers, finished, _options, Random.Shared.NextDouble), CancellationToken.None);
        foreach (var (ready1, answer) in answers)
        {
            if (answer.Failure is { } failure) LogNotSent(ready1.Action.Id, ready1.Action.Account.Id, failure);
        }
        return [.. ended, .. sent];
    }

    /// <summary>Now, or when it may: the account's hours, the step's hours by the prospect's clock, and the day of its unit. Null: those hours never meet.</summary>
    private DateTime? StartsAt(ClaimedAction action, DateTime now)
    {
        if (action.Day != action.Account.DayOf(now)) return now.AddTicks(1);
        if (action.Overrides.HasFlag(Overrides.Window)) return now;
        var windows = ActionKinds.StepOf(action.Kind) is { } step && _options.Sequences.Of(step.Sequence) is var steps && step.Step <= steps.Count ? steps[step.Step - 1].Windows : [];
        if (windows.Count == 0) return OpenTimes.Next(action.Account.Times, now);
        var zone = action.Prospect.TimeZone is { } own ? TimeZoneInfo.FindSystemTimeZoneById(own) : action.Account.Zone;
        return OpenTimes.Next(action.Account.Times, new SendTimes(windows, [], zone), now);
    }

    private async Task<SendResult> CallAsync(ReadyAction ready)
    {
        var message = ready.Action.Message(ready.Text);
        if (!_gateways.TryGetValue(message.Provider, out var gateway)) return SendResult.Failed(SendFailure.Refused);
        try
        {
            // Not ended by our own stop: an answer that is waited for is an effect that is known.
            return await gateway.SendTextAsync(message, CancellationToken.None).WaitAsync(_options.CallTimeout, TimeProvider.System);
        }
        catch (Exception e)
        {
            // Whatever a gateway throws means that we do not know whether the message left.
            LogGatewayBroke(e, ready.Action.Id);
            return SendResult.Failed(SendFailure.Unknown);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Action {ActionId} of account {AccountId} did not leave: {Failure}")]
    private partial void LogNotSent(long actionId, long accountId, SendFailure failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The gateway broke while action {ActionId} was on its way")]
    private partial void LogGatewayBroke(Exception exception, long actionId);
}
