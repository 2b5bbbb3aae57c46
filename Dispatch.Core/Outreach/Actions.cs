using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Seed 004 <c>utils/actions</c>: the one place that sends to prospects, now or later. Each effect has a key that is unique for ever; asking again answers with the first.
/// </summary>
public sealed partial class Actions
{
    private readonly Database _database;
    private readonly ActionPlanner _planner;
    private readonly SendPath _path;
    private readonly OutreachNode _node;
    private readonly OutreachSignal _signal;
    private readonly OutreachOptions _options;
    private readonly ActionThread _thread;
    private readonly SequencePlans _sequences;
    private readonly IReadOnlyDictionary<ChannelProvider, IInvitationGateway> _invitations;
    private readonly IReadOnlyDictionary<ChannelProvider, IMessageLookup> _lookups;
    private readonly TimeProvider _clock;

    internal Actions(
        Database database, ActionPlanner planner, SendPath path, OutreachNode node, OutreachSignal signal, ActionThread thread, SequencePlans sequences, IEnumerable<IMessageLookup> lookups,
        IEnumerable<IInvitationGateway> invitations, IOptions<OutreachOptions> options, TimeProvider clock)
    {
        _database = database;
        _planner = planner;
        _path = path;
        _node = node;
        _signal = signal;
        _thread = thread;
        _sequences = sequences;
        _invitations = invitations.ToDictionary(i => i.Provider);
        _options = options.Value;
        _lookups = lookups.ToDictionary(l => l.Provider);
        _clock = clock;
    }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Seed 004 <c>execute_send_reply</c>: an answer, sent at once and never as a pending row. It does not wait for hours or gaps, somebody has written; quota, pause and breaker hold it:
    /// <see cref="ActionResult.Refused"/> with the reason.
    /// </summary>
    public Task<ActionOutcome> ExecuteSendReply(long prospectId, long accountId, string content, string? effectKey = null, CancellationToken cancel = default) =>
        ExecuteAsync(new NewAction(ActionKinds.Reply, prospectId, accountId, content, null, effectKey), Overrides.Window | Overrides.Gap, keepPending: false, cancel);

    /// <summary>
    /// Seed 004 <c>execute_send_first_contact</c>: once per prospect and account ever. Leaves at once, or at the first moment the account may: <see cref="ActionResult.Scheduled"/>.
    /// </summary>
    public Task<ActionOutcome> ExecuteSendFirstContact(long prospectId, long accountId, string? content = null, CancellationToken cancel = default) =>
        ExecuteAsync(new NewAction(ActionKinds.FirstContact, prospectId, accountId, content), Overrides.None, keepPending: true, cancel);

    /// <summary>
    /// An invitation to connect, where the account's provider has such: once per prospect and account ever. When it is accepted the first contact follows (<see cref="AccountNews.ConnectedAsync"/>).
    /// </summary>
    /// <param name="note">Null: the text of the kind, or none.</param>
    public Task<ActionOutcome> ExecuteSendInvitation(long prospectId, long accountId, string? note = null, CancellationToken cancel = default) =>
        ExecuteAsync(new NewAction(ActionKinds.Invitation, prospectId, accountId, note), Overrides.None, keepPending: true, cancel);

    /// <summary>The first word to somebody: an invitation where his provider wants one first, else the first contact.</summary>
    public async Task<ActionOutcome> ApproachAsync(long prospectId, long accountId, CancellationToken cancel = default) => await NeedsInvitationAsync(prospectId, accountId, cancel)
        ? await ExecuteSendInvitation(prospectId, accountId, cancel: cancel) : await ExecuteSendFirstContact(prospectId, accountId, cancel: cancel);

    /// <summary>He is not connected with the account, and its provider wants that.</summary>
    public async Task<bool> NeedsInvitationAsync(long prospectId, long accountId, CancellationToken cancel = default)
    {
        string? address;
        AccountFacts? account;
        await using (var db = _database.Read())
        {
            account = await AccountReader.FindAsync(db, accountId, cancel);
            address = await db.Prospects.Where(p => p.Id == prospectId && p.ConnectedAt == null && p.LastInboundAt == null).Select(p => p.Address).FirstOrDefaultAsync(cancel);
        }
        return address is not null && account?.Channel is { } channel && _invitations.TryGetValue(channel.Provider, out var gateway) && await gateway.IsNeededAsync(channel.Id, address, cancel);
    }

    /// <summary>Seed 004 <c>execute_send_followup</c>: a step of a sequence (send_followup_A1), at once or at the first moment the account may.</summary>
    public Task<ActionOutcome> ExecuteSendFollowup(string kind, long prospectId, long accountId, string? content = null, CancellationToken cancel = default) =>
        ExecuteAsync(new NewAction(kind, prospectId, accountId, content), Overrides.None, keepPending: true, cancel);

    /// <summary>Plans an action for the queue. The same effect key again: <see cref="ActionResult.AlreadyExists"/> with the first one.</summary>
    public async Task<ActionOutcome> PlanAsync(NewAction wanted, CancellationToken cancel = default)
    {
        if (Check(wanted) is { Count: > 0 } errors) return new ActionOutcome(ActionResult.BadInput, Errors: errors);
        cancel.ThrowIfCancellationRequested();
        return await _planner.PlanAsync(wanted);
    }

    /// <summary>What is wrong with an action that somebody wants; empty: nothing.</summary>
    public static IReadOnlyList<FieldError> Check(NewAction wanted)
    {
        var errors = new List<FieldError>();
        var type = ActionKinds.TypeOf(wanted.Kind);
        if (type is null)
            errors.Add(new("kind", "Unknown", $"Allowed: {ActionKinds.Allowed}."));
        else if (type == ActionType.Reply && string.IsNullOrWhiteSpace(wanted.Content)) errors.Add(new("content", "Missing", "A reply needs its content."));
        if (type == ActionType.Invitation && wanted.Content is { Length: > MaxNote }) errors.Add(new("content", "BadLength", $"The note of an invitation has at most {MaxNote} characters."));
        else if (wanted.Content is { Length: > OutreachConfiguration.ContentLength }) errors.Add(new("content", "BadLength", $"At most {OutreachConfiguration.ContentLength} characters."));
        else if (wanted.Content is { } text && type != ActionType.Reply && Messaging.Placeholders.Unknown(text, MessageComposer.Known).FirstOrDefault() is { } unknown)
            errors.Add(new("content", "UnknownPlaceholder", $"{{{unknown}}} is not known here; allowed: {MessageComposer.Allowed}."));
        if (wanted.EffectKey is { } key && key.Length is 0 or > MaxOwnKey) errors.Add(new("effectKey", "BadLength", $"1 to {MaxOwnKey} characters."));
        return errors;
    }

    /// <summary>Of an invitation.</summary>
    public const int MaxNote = 300;

    /// <summary>Of a key that a caller gives.</summary>
    public const int MaxOwnKey = 150;

    /// <summary>
    /// What makes an effect the same: a first contact per prospect and account; a step per prospect, account and what he has written since; an answer is a new one each time unless the
    /// caller names it.
    /// </summary>
    internal static string KeyOf(NewAction wanted, long accountId, long prospectEpoch) => wanted.EffectKey is { } given
        ? string.Create(CultureInfo.InvariantCulture, $"own:{accountId}:{given}")
        : ActionKinds.TypeOf(wanted.Kind)!.Value switch
        {
            ActionType.FirstContact => string.Create(CultureInfo.InvariantCulture, $"first:{accountId}:{wanted.ProspectId}"),
            ActionType.Invitation => string.Create(CultureInfo.InvariantCulture, $"invite:{accountId}:{wanted.ProspectId}"),
            ActionType.Followup => FollowupKey(wanted.Kind, accountId, wanted.ProspectId, prospectEpoch),
            ActionType.Reply => "reply:" + Guid.NewGuid().ToString("n"),
        };

    internal static string FollowupKey(string kind, long accountId, long prospectId, long prospectEpoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}:{accountId}:{prospectId}:{prospectEpoch}");

    private async Task<ActionOutcome> ExecuteAsync(NewAction wanted, Overrides overrides, bool keepPending, CancellationToken cancel)
    {
        if (Check(wanted) is { Count: > 0 } errors) return new ActionOutcome(ActionResult.BadInput, Errors: errors);
        var owner = await _node.HoldAsync(cancel);
        var now = Now;
        ClaimResult? claim = null;
        var outcome = await _database.WriteAsync(async session =>
        {
            ActionOutcome? added = null;
            claim = null;
            // A refused answer leaves no row behind.
            await session.TryAsync(async () =>
            {
                (added, var account) = await AddAsync(session, wanted, now);
                if (added.Result != ActionResult.Scheduled) return true;
                claim = await ActionClaims.ClaimOneAsync(session, account!, added.Id, ActionKinds.TypeOf(wanted.Kind)!.Value, owner, overrides, now, _options);
                if (claim.Actions.Count > 0) return true;
                added = keepPending ? added with { Wait = claim.Wait } : new ActionOutcome(ActionResult.Refused, Wait: claim.Wait);
                return keepPending;
            });
            return added!;
        }, cancel);
        if (claim is not { Actions: [var mine] }) return outcome;
        return await OutcomeOfAsync(mine.Id, await _path.SendAsync([mine], cancel), cancel);
    }

    /// <summary>The row, pending; or the one that has its effect key.</summary>
    private async Task<(ActionOutcome Outcome, AccountFacts? Account)> AddAsync(WriteSession session, NewAction wanted, DateTime now)
    {
        var prospect = await session.Db.Prospects.AsNoTracking().FirstOrDefaultAsync(p => p.Id == wanted.ProspectId);
        if (prospect is null) return (new ActionOutcome(ActionResult.ProspectNotFound), null);
        if (await AccountReader.FindAsync(session.Db, wanted.AccountId ?? prospect.AccountId) is not { } account) return (new ActionOutcome(ActionResult.AccountNotFound), null);
        var key = KeyOf(wanted, account.Id, prospect.Epoch);
        var known = await session.Db.OutreachActions.AsNoTracking().Where(a => a.EffectKey == key).Select(a => new { a.Id, a.Status, a.Error }).FirstOrDefaultAsync();
        if (known is not null) return (new ActionOutcome(ActionResult.AlreadyExists, known.Id, known.Status, known.Error), null);
        // After the actions: a key that retention moves meanwhile is missed by neither.
        var kept = await session.Db.OutreachEffects.AsNoTracking().Where(e => e.EffectKey == key).Select(e => new { e.ActionId, e.Status }).FirstOrDefaultAsync();
        if (kept is not null) return (new ActionOutcome(ActionResult.AlreadyExists, kept.ActionId, kept.Status), null);
        if (prospect.StoppedAt is not null) return (new ActionOutcome(ActionResult.ProspectStopped), null);
        var due = wanted.ScheduledAt is { } at && at > now ? at : now;
        var row = new OutreachAction
        {
            AccountId = account.Id, ProspectId = prospect.Id, Kind = wanted.Kind, Type = ActionKinds.TypeOf(wanted.Kind)!.Value, EffectKey = key, ProspectEpoch = prospect.Epoch,
            Content = wanted.Content is { } text ? OutsideText.Mend(text) : null, ScheduledAt = due, DueAt = due, CreatedAt = now, CreatedBy = wanted.CreatedBy,
        };
        session.Db.OutreachActions.Add(row);
        try
        {
            await session.Db.SaveChangesAsync();
        }
        catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("effect key");
        }
        ActionStore.Publish(session, account.Id);
        session.Publish(Topics.Prospect(prospect.Id), EventNames.ActionChanged, row.Id);
        return (new ActionOutcome(ActionResult.Scheduled, row.Id, ActionStatus.Pending), account);
    }

    private async Task<ActionOutcome> OutcomeOfAsync(long id, IReadOnlyList<SentAction> sent, CancellationToken cancel)
    {
        var end = sent.FirstOrDefault(s => s.Id == id);
        if (end is null)
        {
            // Cancelled, stopped by the prospect or given back between claim and start: its row says which.
            await using var db = _database.Read();
            end = await db.OutreachActions.Where(a => a.Id == id).Select(a => new SentAction(id, a.Status, a.ProviderMessageId, a.Error, null)).FirstAsync(cancel);
        }
        return end.Status switch
        {
            ActionStatus.Success => new ActionOutcome(ActionResult.Sent, id, end.Status),
            ActionStatus.Uncertain or ActionStatus.Sending => new ActionOutcome(ActionResult.Uncertain, id, end.Status, end.Error),
            ActionStatus.Pending or ActionStatus.Claimed => new ActionOutcome(ActionResult.Scheduled, id, end.Status, end.Error, end.DueAt is { } due ? new Wait(WaitReason.Retry, due) : null),
            ActionStatus.Cancelled => new ActionOutcome(ActionResult.Cancelled, id, end.Status, end.Error),
            _ => new ActionOutcome(ActionResult.Failed, id, end.Status, end.Error),
        };
    }
}
