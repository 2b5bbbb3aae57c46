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
    private const int MaxRecords = 20, RecordsTogether = 3, MaxBegins = 2;

    private readonly Database _database;
    private readonly IReadOnlyDictionary<ChannelProvider, IMessageGateway> _gateways;
    private readonly IReadOnlyDictionary<ChannelProvider, IInvitationGateway> _invitations;
    private readonly MessageComposer _composer;
    private readonly SequencePlans _sequences;
    private readonly OutreachNode _node;
    private readonly ActionsInHand _hand;
    private readonly GatewayWatch _watch;
    private readonly ActionThread _thread;
    private readonly OutreachOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<SendPath> _logger;

    public SendPath(
        Database database, IEnumerable<IMessageGateway> gateways, IEnumerable<IInvitationGateway> invitations, MessageComposer composer, SequencePlans sequences, OutreachNode node, ActionsInHand hand, ActionThread thread, GatewayWatch watch, IOptions<OutreachOptions> options,
        TimeProvider clock, ILogger<SendPath> logger)
    {
        _database = database;
        _gateways = gateways.ToDictionary(g => g.Provider);
        _invitations = invitations.ToDictionary(g => g.Provider);
        _composer = composer;
        _sequences = sequences;
        _node = node;
        _hand = hand;
        _watch = watch;
        _thread = thread;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Sends what is in hand, in chunks; returns what became of each that was sent or ended here. Who is not among them was stopped or given back at his start, or the database was away.
    /// </summary>
    public async Task<IReadOnlyList<SentAction>> SendAsync(IReadOnlyList<ClaimedAction> claimed, CancellationToken cancel)
    {
        _hand.Take(claimed);
        if (claimed.Count == 1) return await SendChunkAsync(claimed, cancel);
        var results = new System.Collections.Concurrent.ConcurrentBag<SentAction>();
        await Parallel.ForEachAsync(claimed.Chunk(_options.ChunkSize), new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = CancellationToken.None },
            async (chunk, _) =>
            {
                foreach (var result in await SendChunkAsync(chunk, cancel)) results.Add(result);
            });
        return [.. results];
    }

    /// <summary>
    /// Claims what is due of an account and starts what can leave at once in the same transaction: one chunk. Whatever must be asked for its text, or may not leave just now, is claimed
    /// only. So is everything when that was refused twice, by the lease or by prospects who write: the start decides each by itself.
    /// </summary>
    public async Task<ClaimResult> ClaimAsync(AccountFacts account, IReadOnlyList<(ActionType Type, DateTime Due)> heads, int most, string owner, CancellationToken cancel)
    {
        var (claiming, now) = (await ClaimingAsync(owner, cancel), Now);
        while (true)
        {
            try
            {
                var result = await _database.WriteAsync(session => claiming.RunAsync(session, account, heads, most, now), cancel);
                claiming.OnCommitted();
                return result;
            }
            catch (StaleReadException) when (claiming.Tries <= MaxBegins)
            {
                // The one writer of SQLite does nothing again by itself.
            }
            catch (Exception)
            {
                claiming.GiveUp();
                throw;
            }
        }
    }

    /// <summary>A claim for a transaction that is the caller's; what it needs to know of texts is read here, before.</summary>
    public async ValueTask<Claiming> ClaimingAsync(string owner, CancellationToken cancel)
    {
        await _composer.WarmAsync(cancel);
        return new Claiming(this, await _sequences.CurrentAsync(cancel), owner, cancel);
    }

    /// <summary>One claim, however often its transaction is tried: what it begins is in hand before the commit, and out of it when that was undone.</summary>
    internal sealed class Claiming(SendPath path, OutreachOptions options, string owner, CancellationToken cancel)
    {
        private IReadOnlyList<ClaimedAction> _begun = [], _claimed = [];
        private ActionsInHand.Hand? _hand;

        public int Tries { get; private set; }

        public async Task<ClaimResult> RunAsync(WriteSession session, AccountFacts account, IReadOnlyList<(ActionType Type, DateTime Due)> heads, int most, DateTime now)
        {
            Undo();
            var claim = await ActionClaims.ClaimDueAsync(session, account, heads, most, owner, now, path._options, ++Tries > MaxBegins ? null : action => path.BeginAsync(action, options, now, cancel));
            // Before the commit: whoever looks for strays must not find them first.
            (_begun, _claimed) = ([.. claim.Begun.Select(b => b.Action)], claim.Actions);
            _hand = path._hand.Take(_begun);
            return claim;
        }

        public void OnCommitted() => path._hand.Take(_claimed);

        /// <summary>The transaction was undone for sure.</summary>
        public void Undo()
        {
            if (_hand is not null) path._hand.Undo(_hand, _begun);
            (_hand, _claimed) = (null, []);
        }

        /// <summary>The transaction failed, or its answer was lost.</summary>
        public void GiveUp()
        {
            if (_hand is not null) path._hand.GiveUp(_hand, _begun);
        }
    }

    /// <summary>Calls the gateway for what <see cref="ClaimAsync"/> started, and records what it says.</summary>
    public async Task SendBegunAsync(IReadOnlyList<ReadyAction> begun, string owner)
    {
        if (begun.Count == 0) return;
        var actions = begun.Select(b => b.Action).ToList();
        if (!_node.MaySend)
        {
            // So long on the way here that the lease may be over: given back, if it is still ours.
            _hand.GiveUp(actions);
            await _database.WriteAsync(session => ActionStore.LeaveAsync(session, owner, actions.ConvertAll(a => new LeftAction(a, ActionStatus.Pending, null)), Now), CancellationToken.None);
            _hand.Drop(actions);
            return;
        }
        try
        {
            foreach (var one in begun) OutreachMetrics.OnStarted(one.StartedAt - one.Action.DueAt);
            await RecordAsync(await Task.WhenAll(begun.Select(async b => (b, await CallAsync(b)))));
        }
        finally
        {
            _hand.Drop(actions);
        }
    }

    /// <summary>What leaves of an action, if it can leave now and nobody has to be asked for its text.</summary>
    private async ValueTask<ReadyAction?> BeginAsync(ClaimedAction action, OutreachOptions options, DateTime now, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested || _composer.Asks(action.Kind, action.Content) || StartsAt(action, options, now) != now) return null;
        var (composed, template) = await ComposeAsync(action, options, cancel);
        return composed.Text is { } text ? new ReadyAction(action, text, template) { StartedAt = now } : null;
    }

    private async Task<IReadOnlyList<SentAction>> SendChunkAsync(IReadOnlyList<ClaimedAction> chunk, CancellationToken cancel)
    {
        IReadOnlyList<SentAction> left;
        IReadOnlyList<ReadyAction> started;
        try
        {
            (left, started) = await StartChunkAsync(chunk, cancel);
        }
        catch (Exception e)
        {
            // The start may have been committed and its answer lost: no gateway was called, so these are free whatever their rows say.
            LogNotStarted(e, chunk.Count);
            _hand.GiveUp(chunk);
            return [];
        }
        try
        {
            return started.Count == 0 ? left : [.. left, .. await RecordAsync(await Task.WhenAll(started.Select(async s => (s, await CallAsync(s)))))];
        }
        finally
        {
            _hand.Drop(chunk);
        }
    }

    /// <summary>Composes and commits the start. After it nobody but this process calls the gateway for what is started.</summary>
    private async Task<(IReadOnlyList<SentAction> Left, IReadOnlyList<ReadyAction> Started)> StartChunkAsync(IReadOnlyList<ClaimedAction> chunk, CancellationToken cancel)
    {
        var options = await _sequences.CurrentAsync(CancellationToken.None);
        var ready = new List<ReadyAction>(chunk.Count);
        var left = new List<LeftAction>();
        foreach (var action in chunk)
        {
            if (cancel.IsCancellationRequested)
            {
                left.Add(new LeftAction(action, ActionStatus.Pending, null));
                continue;
            }
            var (composed, template) = await ComposeAsync(action, options, cancel);
            if (composed.Text is { } text) ready.Add(new ReadyAction(action, text, template));
            else left.Add(new LeftAction(action, ActionStatus.Failed, composed.Problem));
        }
        var owner = await _node.HoldAsync(CancellationToken.None);
        var now = Now;
        // Between the claim and now the hours may have ended, or the day whose unit was reserved.
        foreach (var late in ready.FindAll(r => StartsAt(r.Action, options, now) != now))
        {
            ready.Remove(late);
            left.Add(StartsAt(late.Action, options, now) is { } at
                ? new LeftAction(late.Action, ActionStatus.Pending, null, at) : new LeftAction(late.Action, ActionStatus.Failed, nameof(ActionEnd.NoHours)));
        }
        ready = ready.ConvertAll(r => r with { StartedAt = now });
        var started = await _database.WriteAsync(async session =>
        {
            var start = ready.Count == 0 ? [] : await ActionStore.StartAsync(session, ready, owner, now);
            if (left.Count > 0) await ActionStore.LeaveAsync(session, owner, left, now);
            return start;
        }, CancellationToken.None);
        if (!_node.MaySend)
        {
            // So long on the way here that the lease may be over: given back, if it is still ours.
            left.AddRange(started.Select(s => new LeftAction(s.Action, ActionStatus.Pending, null)));
            await _database.WriteAsync(session => ActionStore.LeaveAsync(session, owner, [.. started.Select(s => new LeftAction(s.Action, ActionStatus.Pending, null))], now), CancellationToken.None);
            started = [];
        }
        foreach (var action in started) OutreachMetrics.OnStarted(now - action.Action.DueAt);
        // The lease may have lapsed without our knowing; asked for afresh before anything else is started.
        if (started.Count < ready.Count) _node.Doubt();
        return (left.ConvertAll(l => new SentAction(l.Action.Id, l.Status, null, l.Why, l.DueAt)), started);
    }

    /// <summary>
    /// Writes down what the gateway said, again and again while the database is away: an answer that is known must not become a doubt. In the end what cannot be written is one, by the
    /// sweep over what this process has in hand.
    /// </summary>
    private async Task<IReadOnlyList<SentAction>> RecordAsync(IReadOnlyList<(ReadyAction Ready, SendResult Result)> answers)
    {
        foreach (var (ready, answer) in answers)
        {
            OutreachMetrics.OnSent(ready.Action.Type, answer.Failure);
            if (answer.Failure is { } failure) LogNotSent(ready.Action.Id, ready.Action.Account.Id, failure);
        }
        var together = true;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var finished = Now;
                var options = await _sequences.CurrentAsync(CancellationToken.None);
                return await _database.WriteAsync(session => ActionStore.FinishAsync(session, _thread, answers, finished, options, Random.Shared.NextDouble, together), CancellationToken.None);
            }
            catch (TakenOverException)
            {
                together = false;
            }
            catch (Exception e) when (attempt < MaxRecords && e is not ObjectDisposedException)
            {
                LogNotRecorded(e, answers.Count, attempt);
                // Perhaps one of them is what cannot be written; it must not cost the others their record.
                if (attempt == RecordsTogether && answers.Count > 1) return [.. (await Task.WhenAll(answers.Select(a => RecordAsync([a])))).SelectMany(s => s)];
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt, 5)), TimeProvider.System);
            }
            catch (Exception e)
            {
                LogNotRecorded(e, answers.Count, attempt);
                return [];
            }
        }
    }

    /// <summary>What leaves: the text, or the provider's template where no text may.</summary>
    private async ValueTask<(Composed Composed, GatewayTemplate? Template)> ComposeAsync(ClaimedAction action, OutreachOptions options, CancellationToken cancel)
    {
        if (action.Type == ActionType.Invitation && !_invitations.ContainsKey(action.Account.Channel!.Provider)) return (new Composed(null, nameof(ActionEnd.NoInvitations)), null);
        // A text of a person's own is not replaced by a template that says something else.
        var content = action.WasTemplate ? null : action.Content;
        if (content is null && TemplateRules.For(action.Account.Plan, action.Account.Row.Provider, action.Kind, options.Sequences.TextOf(action.Kind), action.Prospect.Language, action.Facts.LastInboundAt, Now) is { } approved)
        {
            var filled = TemplateRules.Fill(approved, action.Prospect, action.Account.Row.Name);
            return (new Composed(filled.Shown, filled.Problem), filled.Template);
        }
        return (await _composer.ComposeAsync(action.Kind, content, action.Prospect, action.Account.Row.Name, cancel), null);
    }

    /// <summary>Now, or when it may: the account's hours, the step's hours by the prospect's clock, and the day of its unit. Null: those hours never meet.</summary>
    private static DateTime? StartsAt(ClaimedAction action, OutreachOptions options, DateTime now)
    {
        if (action.Day != action.Account.DayOf(now)) return now.AddTicks(1);
        if (action.Overrides.HasFlag(Overrides.Window)) return now;
        var windows = ActionKinds.StepOf(action.Kind) is { } step && options.Sequences.Of(step.Sequence) is var steps && step.Step <= steps.Count ? steps[step.Step - 1].Windows : [];
        if (windows.Count == 0) return OpenTimes.Next(action.Account.Times, now);
        var zone = action.Prospect.TimeZone is { } own ? TimeZoneInfo.FindSystemTimeZoneById(own) : action.Account.Zone;
        return OpenTimes.Next(action.Account.Times, new SendTimes(windows, [], zone), now);
    }

    private async Task<SendResult> CallAsync(ReadyAction ready)
    {
        var message = ready.Action.Message(ready.Text, ready.Template);
        if (ready.Action.Type == ActionType.Invitation) return await CallAsync(ready, message, () => _invitations[message.Provider].InviteAsync(message, CancellationToken.None));
        if (!_gateways.TryGetValue(message.Provider, out var gateway)) return SendResult.Failed(SendFailure.Refused);
        return await CallAsync(ready, message, () => gateway.SendTextAsync(message, CancellationToken.None));
    }

    private async Task<SendResult> CallAsync(ReadyAction ready, OutboundMessage message, Func<Task<SendResult>> call)
    {
        try
        {
            // Not ended by our own stop: an answer that is waited for is an effect that is known.
            return await _watch.SendAsync(message, call, _options.CallTimeout);
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

    [LoggerMessage(Level = LogLevel.Error, Message = "The start of {Count} actions could not be committed; they are given back")]
    private partial void LogNotStarted(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "What became of {Count} actions could not be recorded (attempt {Attempt})")]
    private partial void LogNotRecorded(Exception exception, int count, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "The gateway broke while action {ActionId} was on its way")]
    private partial void LogGatewayBroke(Exception exception, long actionId);
}
