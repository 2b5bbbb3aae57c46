using Dispatch.Core.Conflicts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// The only door for others (seed 000): gathers, asks, claims, publishes. No rule in here: who gets a conversation says
/// <see cref="AssignmentService"/>, whether it happens says the claim.
/// </summary>
public sealed partial class DispatcherOrchestrator(
    Database database, InboundPipeline inbound, ConversationClaims claims, PresenceService presence, RoundRobin queue, PendingDrain drain,
    OutboundSender outbound, ProfileLockService locks, ConflictResolutionService conflicts, ProfileRotation rotation, IEnumerable<IInboundRoute> routes,
    IOptions<ConversationOptions> options, TimeProvider clock)
{
    private readonly IInboundRoute[] _routes = [.. routes];
    private readonly InboundTurns _turns = new();

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>A gateway delivered something. Returns after the commit.</summary>
    public async Task<InboundResult> HandleIncomingMessageAsync(InboundBatch batch, CancellationToken cancel = default)
    {
        // Straight into the pipeline, without a wait: whoever waits is overtaken by the contact's next message.
        if (!Array.Exists(_routes, r => r.MayWant(batch)) && _turns.IsFree(batch)) return await inbound.SubmitAsync(batch, cancel);
        var turn = await _turns.WaitAsync(batch);
        InboundBatch rest;
        Task<InboundResult> storing;
        try
        {
            rest = batch;
            foreach (var route in _routes) rest = await route.TakeAsync(rest, cancel);
            storing = rest.Messages.Count + rest.Statuses.Count == 0 ? Task.FromResult(new InboundResult(0, 0, 0, 0)) : inbound.SubmitAsync(rest, cancel);
        }
        finally
        {
            // It is in the pipeline now, which keeps the order from here on.
            turn.Dispose();
        }
        var result = await storing;
        return ReferenceEquals(rest, batch) ? result : result with
        {
            Stored = result.Stored + batch.Messages.Count - rest.Messages.Count,
            StatusesApplied = result.StatusesApplied + batch.Statuses.Count - rest.Statuses.Count,
        };
    }

    /// <summary>A moderator's page or integration connected. False: unknown or disabled.</summary>
    public async Task<bool> HandleUserConnectedAsync(long moderatorId, string connectionId, string node, CancellationToken cancel = default)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
            await FollowAsync(session, await presence.ConnectAsync(session, moderatorId, connectionId, node, now), now), cancel);
    }

    /// <summary>A page's connection was lost: the grace period begins when it was the last one.</summary>
    public Task HandleUserDisconnectedAsync(string connectionId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
            await FollowAsync(session, await presence.DisconnectAsync(session, connectionId, options.Value.GracePeriod, now), now), cancel);
    }

    /// <summary>The moderator is gone for certain (an integration says so, sign-out): no grace. False: unknown.</summary>
    public Task<bool> HandleUserLeftAsync(long moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
            await FollowAsync(session, await presence.DisconnectAllAsync(session, moderatorId, now), now), cancel);
    }

    /// <summary>
    /// People who were disabled are gone at once, and nothing waits for a person who will not come back. A sweep and not a call, so that it holds
    /// whoever disabled them and whatever crashed in between. Returns how many people it concerned.
    /// </summary>
    public async Task<int> SettleDisabledAsync(DateTime now, CancellationToken cancel = default)
    {
        List<long> disabled;
        await using (var db = database.Read())
        {
            disabled = await db.Moderators.Where(m => !m.Enabled && (m.State != PresenceState.Offline || m.OpenCount > 0))
                .OrderBy(m => m.Id).Select(m => m.Id).ToListAsync(cancel);
        }
        foreach (var id in disabled) await database.WriteAsync(session => SettleDisabledAsync(session, id, now), cancel);
        return disabled.Count;
    }

    private async Task SettleDisabledAsync(WriteSession session, long moderatorId, DateTime now)
    {
        await FollowAsync(session, await presence.DisconnectAllAsync(session, moderatorId, now), now);
        await locks.ReleaseAllAsync(session, moderatorId, now);
        var owned = await session.Db.Conversations.AsNoTracking().Where(c => c.OwnerId == moderatorId)
            .OrderBy(c => c.WaitingSince == null).ThenBy(c => c.WaitingSince)
            .Select(c => new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion)).ToListAsync();
        foreach (var seen in owned)
        {
            var outcome = await claims.ApplyAsync(session, new Claim(seen, ClaimCause.Return, null, DecisionReason.OwnerLeft), now);
            if (outcome.Result == ClaimResult.Done) await ReplaceAsync(session, seen, outcome, now);
        }
        session.AfterCommit(drain.Wake);
    }

    /// <summary>The person did something (typed, clicked): the second signal of presence. Call it at most every half minute.</summary>
    public Task RecordActivityAsync(long moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            await ModeratorActivityService.SignOfLifeAsync(session, moderatorId, now);
            session.AfterCommit(rotation.Wake);
        }, cancel);
    }

    /// <summary>Online, Away or Offline by the person's own choice.</summary>
    public Task<bool> ChoosePresenceAsync(long moderatorId, PresenceState choice, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
            await FollowAsync(session, await presence.ChooseAsync(session, moderatorId, choice, now), now), cancel);
    }

    /// <summary>Connections left over from this node's previous run start their grace period now.</summary>
    public Task HandleNodeStartedAsync(string node, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
            await FollowAllAsync(session, await presence.ForgetNodeAsync(session, node, options.Value.GracePeriod, now), now), cancel);
    }

    /// <summary>Ends grace periods that are over. Returns how many people it concerned.</summary>
    public async Task<int> EndGraceAsync(DateTime now, CancellationToken cancel = default)
    {
        await using (var db = database.Read())
        {
            if (!await db.Moderators.AnyAsync(m => m.GraceUntil != null && m.GraceUntil <= now, cancel)) return 0;
        }
        return await database.WriteAsync(async session =>
        {
            var changes = await presence.EndGraceAsync(session, now);
            await FollowAllAsync(session, changes, now);
            return changes.Count;
        }, cancel);
    }

    /// <summary>A person takes a conversation that waits, or (supervisors) from a colleague.</summary>
    /// <param name="seenVersion">The owner version on the screen; null: whatever it is now. A given one that is old loses.</param>
    /// <param name="evenFromOwner">False: only what nobody present has.</param>
    public Task<ClaimOutcome> TakeAsync(
        long conversationId, long moderatorId, long? seenVersion = null, bool evenFromOwner = false, CancellationToken cancel = default) =>
        ClaimAsync(conversationId, seenVersion, async (session, seen) =>
        {
            if (seen.Status == ConversationStatus.Assigned && seen.OwnerId != moderatorId && !evenFromOwner) return await HeldAsync(session, seen);
            return new Claim(seen, ClaimCause.Take, moderatorId, DecisionReason.Manual) { ActorId = moderatorId };
        }, cancel);

    /// <summary>Gives a conversation to a colleague who is present. Owner or supervisor only.</summary>
    /// <param name="actorId">Who asks; null: an integration, which may do what a supervisor may.</param>
    public Task<ClaimOutcome> TransferAsync(
        long conversationId, long? actorId, long toId, string? note = null, bool supervisor = false, long? seenVersion = null, CancellationToken cancel = default) =>
        ClaimAsync(conversationId, seenVersion, async (session, seen) =>
            supervisor || seen.OwnerId == actorId
                ? new Claim(seen, supervisor ? ClaimCause.Supervisor : ClaimCause.Transfer, toId, DecisionReason.Manual) { ActorId = actorId, Note = note }
                : await NotOwnerAsync(session, seen), cancel);

    /// <summary>Back to the queue: to the next in turn who is not the one who gives it back, or to wait.</summary>
    public async Task<ClaimOutcome> ReturnToQueueAsync(
        long conversationId, long? actorId, string? note = null, bool supervisor = false, long? seenVersion = null, CancellationToken cancel = default)
    {
        return await ClaimAsync(conversationId, seenVersion, async (session, seen) =>
        {
            if (seen.OwnerId is null && seen.Status == ConversationStatus.Pending) return new ClaimOutcome(ClaimResult.Unchanged);
            if (!supervisor && seen.OwnerId != actorId) return await NotOwnerAsync(session, seen);
            return new Claim(seen, ClaimCause.Return, null, DecisionReason.Manual) { ActorId = actorId, Note = note };
        }, cancel);
    }

    public Task<ClaimOutcome> CloseAsync(
        long conversationId, long? actorId, bool supervisor = false, long? seenVersion = null, CancellationToken cancel = default) =>
        ClaimAsync(conversationId, seenVersion, async (session, seen) =>
            supervisor || seen.OwnerId == actorId
                ? new Claim(seen, ClaimCause.Close, null, DecisionReason.Manual) { ActorId = actorId }
                : await NotOwnerAsync(session, seen), cancel);

    /// <summary>Opens a closed conversation again and gives it to the person (null: to whom assignment names).</summary>
    public async Task<ClaimOutcome> ReopenAsync(long conversationId, long? moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            if (await SeeAsync(session, conversationId) is not { } seen) return new ClaimOutcome(ClaimResult.NotFound);
            if (await session.Db.Conversations.AnyAsync(c => c.Id > seen.Id && c.ProfileId == seen.ProfileId
                    && c.ContactId == session.Db.Conversations.Where(x => x.Id == seen.Id).Select(x => x.ContactId).First()))
                return new ClaimOutcome(ClaimResult.Superseded);
            var outcome = await claims.ApplyAsync(
                session, new Claim(seen, ClaimCause.Reopen, moderatorId, DecisionReason.Manual) { ActorId = moderatorId }, now);
            if (outcome.Result == ClaimResult.Done && moderatorId is null)
            {
                seen = seen with { Status = ConversationStatus.Pending, OwnerVersion = outcome.OwnerVersion };
                // First into the line, so that whoever nobody can be given to waits visibly; a claim takes it out again.
                await ReplyStore.ParkUnansweredAsync(session, seen, DecisionReason.OlderOnesFirst, now);
                await new Placement(session, claims, options.Value, now).PlaceAsync(seen, ClaimCause.Reopen, null, onlineOnly: false);
                session.AfterCommit(drain.Wake);
            }
            return outcome;
        }, cancel);
    }

    /// <summary>
    /// Stores an answer and sends it at once. Only the owner's word leaves, and only while he has the contact's lock; both checked in the transaction
    /// that stores it.
    /// </summary>
    /// <param name="effectKey">Makes a repeated request the same message; null: every call is a new one.</param>
    /// <param name="lockToken">The hold under which it was written: ended or another's by now, it is refused. Null: the lock is taken if it is free.</param>
    public async Task<ReplyOutcome> ReplyAsync(
        long conversationId, long? senderId, string text, string? effectKey = null, long? lockToken = null, CancellationToken cancel = default)
    {
        text = OutsideText.Mend(text);
        if (string.IsNullOrWhiteSpace(text) || text.Length > ReplyOutcome.MaxLength) return new ReplyOutcome(ReplyResult.BadText);
        var now = Now;
        var outcome = await database.WriteAsync(session => ReplyStore.AddAsync(session, locks, new NewReply(conversationId, senderId, text, effectKey, lockToken), now), cancel);
        if (outcome.Result == ReplyResult.Queued) outbound.Enqueue(conversationId);
        return outcome;
    }

    /// <summary>
    /// A failed or uncertain message is tried again because a person said so; refused as <see cref="ReplyAsync"/> is: not the owner, or without the
    /// contact's lock. <see cref="ReplyResult.AlreadyQueued"/>: it was not failed any more.
    /// </summary>
    /// <param name="actorId">Must own the conversation at that moment; null: the owner speaks (an integration).</param>
    /// <param name="lockToken">The hold under which it is asked for; null: the lock is taken if it is free.</param>
    public async Task<ReplyOutcome> RetryAsync(long messageId, long? actorId = null, long? lockToken = null, CancellationToken cancel = default)
    {
        var now = Now;
        var (outcome, conversation) = await database.WriteAsync(session => ReplyStore.RequeueAsync(session, locks, messageId, actorId, lockToken, now), cancel);
        if (outcome.Result == ReplyResult.Queued) outbound.Enqueue(conversation);
        return outcome;
    }

    /// <summary>The owner looked at it.</summary>
    public Task MarkReadAsync(long conversationId, long moderatorId, CancellationToken cancel = default) =>
        database.WriteAsync(async session =>
        {
            var changed = await session.Db.Conversations.Where(c => c.Id == conversationId && c.OwnerId == moderatorId && c.UnreadCount > 0)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.UnreadCount, 0));
            if (changed > 0) session.Publish(Topics.Moderator(moderatorId), EventNames.Changed, conversationId);
        }, cancel);

    private async Task<ClaimOutcome> ClaimAsync(
        long conversationId, long? seenVersion, Func<WriteSession, SeenConversation, Task<object>> decide, CancellationToken cancel)
    {
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            if (await SeeAsync(session, conversationId) is not { } seen) return new ClaimOutcome(ClaimResult.NotFound);
            var decision = await decide(session, seen);
            if (decision is not Claim claim) return (ClaimOutcome)decision;
            // What was on the screen is the fence; what a refusal tells is how it is now.
            if (seenVersion is { } version) claim = claim with { Seen = seen with { OwnerVersion = version } };
            var outcome = await claims.ApplyAsync(session, claim, now);
            if (outcome.Result != ClaimResult.Done) return outcome;
            if (claim.Cause == ClaimCause.Return) await ReplaceAsync(session, seen, outcome, now);
            // A seat became free.
            if (seen.OwnerId is not null) session.AfterCommit(drain.Wake);
            return outcome;
        }, cancel);
    }

    /// <summary>After a return: the next one who is present, but not who just gave it back.</summary>
    private async Task ReplaceAsync(WriteSession session, SeenConversation seen, ClaimOutcome returned, DateTime now)
    {
        var waiting = seen with { Status = ConversationStatus.Pending, OwnerId = null, OwnerVersion = returned.OwnerVersion };
        var othersWait = await InboundStore.SomeoneWaitsAsync(session, seen.ProfileId);
        await ReplyStore.ParkUnansweredAsync(session, waiting, DecisionReason.Manual, now);
        // Whoever wrote earlier is served first; the drain hands them out in order right after the commit.
        if (othersWait) return;
        var placement = new Placement(session, claims, options.Value, now);
        await placement.PlaceAsync(waiting, ClaimCause.Return, null, onlineOnly: true, excludeId: seen.OwnerId);
    }

    private async Task<bool> FollowAsync(WriteSession session, PresenceChange? change, DateTime now)
    {
        if (change is null) return false;
        await FollowAllAsync(session, [change], now);
        return true;
    }

    /// <summary>What a change of presence means for the queue and for conversations; in the transaction of the change.</summary>
    private async Task FollowAllAsync(WriteSession session, IReadOnlyList<PresenceChange> changes, DateTime now)
    {
        foreach (var change in changes)
        {
            if (change.CameOnline)
            {
                var priority = await session.Db.Moderators.Where(m => m.Id == change.ModeratorId).Select(m => m.Priority).FirstAsync();
                await queue.AddToQueueAsync(session, change.ModeratorId, priority, now);
                await FlipAsync(session, change.ModeratorId, ConversationStatus.AssignedOffline, ConversationStatus.Assigned);
                // Who comes (back) waits for a profile again, whatever he wished the last time.
                await session.Db.Moderators.Where(m => m.Id == change.ModeratorId && m.QueueStanding != QueueStanding.Waiting)
                    .ExecuteUpdateAsync(set => set.SetProperty(m => m.QueueStanding, QueueStanding.Waiting));
                session.AfterCommit(drain.Wake);
                session.AfterCommit(rotation.Wake);
            }
            else if (change.LeftOnline)
            {
                // After the commit: rotation locks profiles before people, this transaction has a person.
                session.AfterCommit(rotation.Wake);
                await queue.RemoveFromQueueAsync(session, change.ModeratorId);
                await FlipAsync(session, change.ModeratorId, ConversationStatus.Assigned, ConversationStatus.AssignedOffline);
                await FailOverAsync(session, change.ModeratorId, now);
            }
            if (change.Before != PresenceState.Offline && change.After == PresenceState.Offline)
                await locks.ReleaseAllAsync(session, change.ModeratorId, now);
        }
    }

    /// <summary>The status of owned conversations says whether their owner is there.</summary>
    private static Task FlipAsync(WriteSession session, long ownerId, ConversationStatus from, ConversationStatus to) =>
        session.Db.Conversations.Where(c => c.OwnerId == ownerId && c.Status == from).ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, to));

    /// <summary>Conversations in which somebody waits for an answer go to whoever is present; the others wait for their owner.</summary>
    private async Task FailOverAsync(WriteSession session, long ownerId, DateTime now)
    {
        var waiting = await session.Db.Conversations.AsNoTracking().Where(c => c.OwnerId == ownerId && c.WaitingSince != null)
            .OrderBy(c => c.WaitingSince)
            .Select(c => new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion)).ToListAsync();
        var placement = new Placement(session, claims, options.Value, now);
        foreach (var seen in waiting)
        {
            await placement.PlaceAsync(seen, ClaimCause.FailOver, null, onlineOnly: true, DecisionReason.OwnerLeft);
        }
    }

    private static Task<SeenConversation?> SeeAsync(WriteSession session, long id) =>
        session.Db.Conversations.AsNoTracking().Where(c => c.Id == id)
            .Select(c => new SeenConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, c.OwnerVersion)
                { Exclusive = session.Db.Profiles.Any(p => p.Id == c.ProfileId && p.Mode == ProfileMode.Exclusive) }).FirstOrDefaultAsync();

    private static async Task<ClaimOutcome> HeldAsync(WriteSession session, SeenConversation seen)
    {
        var holder = await session.Db.Moderators.AsNoTracking().Where(m => m.Id == seen.OwnerId).Select(m => m.Name).FirstOrDefaultAsync();
        var since = await session.Db.Conversations.Where(c => c.Id == seen.Id).Select(c => c.OwnerSince).FirstOrDefaultAsync();
        return new ClaimOutcome(ClaimResult.Lost, seen.OwnerId, holder, since, seen.OwnerVersion);
    }

    private static async Task<ClaimOutcome> NotOwnerAsync(WriteSession session, SeenConversation seen) =>
        (await HeldAsync(session, seen)) with { Result = ClaimResult.NotOwner };
}
