using System.Collections.Concurrent;
using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Moderators;

/// <summary>What somebody has to do and how he keeps up with it.</summary>
/// <param name="Answered">Messages he sent in the last hour.</param>
public sealed record Workload(
    long ModeratorId, PresenceState State, DateTime? LastActivityAt, int OpenCount, int MaxConversations, int Waiting, DateTime? OldestWaiting, int HeldProfiles,
    int Answered, int Score, Overload? Overloaded);

/// <summary>What was taken from somebody who is inactive.</summary>
/// <param name="Moved">Conversations that a colleague has now.</param>
/// <param name="Profiles">Exclusive profiles that went to the next in the line, with their conversations.</param>
/// <param name="Told">Conversations nobody else could take: the admins know.</param>
public sealed record Reassignment(int Moved, int Profiles, int Told);

/// <summary>Signs of life, and what happens to those who wait when there are none (seed 001).</summary>
public sealed class ModeratorActivityService(
    Database database, ConversationClaims claims, ModeratorAssignmentService assignments, ProfileRotation rotation, SettingsService settings,
    FindingStore findings, IOptions<ConversationOptions> options, TimeProvider clock)
{
    /// <summary>Typing is written at most this often per person and conversation.</summary>
    public static readonly TimeSpan TypingEvery = TimeSpan.FromSeconds(5);
    private const int MaxRemembered = 10_000;
    
    /// <summary>How far back answer times go.</summary>
    public static readonly TimeSpan ResponseWindow = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<(long Moderator, long Conversation), long> _typed = new();

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>The owner types. Called with every key stroke; written at most every <see cref="TypingEvery"/>. True: written.</summary>
    public async Task<bool> RecordTypingActivityAsync(long moderatorId, long conversationId, CancellationToken cancel = default)
    {
        var stamp = clock.GetTimestamp();
        var key = (moderatorId, conversationId);
        if (_typed.TryGetValue(key, out var last) && clock.GetElapsedTime(last, stamp) < TypingEvery) return false;
        // Of several key strokes at once one writes.
        if (last == 0 ? !_typed.TryAdd(key, stamp) : !_typed.TryUpdate(key, stamp, last)) return false;
        if (_typed.Count > MaxRemembered) Forget(stamp);
        var now = Now;
        return await database.WriteAsync(async session =>
        {
            var db = session.Db;
            if (!await db.Conversations.AnyAsync(c => c.Id == conversationId && c.OwnerId == moderatorId)) return false;
            if (await db.TypingActivity.Where(t => t.ConversationId == conversationId)
                    .ExecuteUpdateAsync(set => set.SetProperty(t => t.ModeratorId, moderatorId).SetProperty(t => t.At, now)) == 0)
            {
                db.TypingActivity.Add(new TypingActivity { ConversationId = conversationId, ModeratorId = moderatorId, At = now });
                try
                {
                    await db.SaveChangesAsync();
                }
                catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
                {
                    throw new StaleReadException("typing");
                }
                db.ChangeTracker.Clear();
            }
            await SignOfLifeAsync(session, moderatorId, now);
            session.AfterCommit(rotation.Wake);
            session.Publish(Topics.Conversation(conversationId), EventNames.Typing, conversationId);
            return true;
        }, cancel);
    }

    /// <summary>Last activity; who had lost work for inactivity waits in the line again.</summary>
    internal static Task SignOfLifeAsync(WriteSession session, long moderatorId, DateTime now) =>
        session.Db.Moderators.Where(m => m.Id == moderatorId).ExecuteUpdateAsync(set => set
            .SetProperty(m => m.LastActivityAt, now)
            .SetProperty(m => m.QueueStanding, m => m.QueueStanding == QueueStanding.Inactive ? QueueStanding.Waiting : m.QueueStanding));

    /// <summary>Who is inactive: see <see cref="ActivityRules.IsInactive"/>. Presence says nothing here: silence while nobody waits is none.</summary>
    /// <param name="threshold">Null: the setting (one minute).</param>
    public async Task<IReadOnlyList<InactiveModerator>> DetectInactiveModeratorsAsync(TimeSpan? threshold = null, CancellationToken cancel = default)
    {
        var limit = threshold ?? (await settings.RoutingAsync(cancel)).InactiveAfter;
        var now = Now;
        var floor = now - limit;
        await using var db = database.Read();
        var rows = await db.Moderators.Where(m => m.State == PresenceState.Online)
            .Select(m => new Activity(
                m.Id, m.State, m.LastActivityAt,
                db.Conversations.Where(c => c.OwnerId == m.Id && c.WaitingSince != null && c.WaitingSince <= floor).Min(c => c.WaitingSince)))
            .ToListAsync(cancel);
        return [.. rows.Where(a => ActivityRules.IsInactive(a, limit, now)).OrderBy(a => a.OldestWaiting)
            .Select(a => new InactiveModerator(a.ModeratorId, a.LastActivityAt, a.OldestWaiting!.Value))];
    }

    /// <summary>
    /// What has waited for this person for too long goes to somebody who did not have it in this wait: conversations of shared profiles one by one,
    /// exclusive profiles as a whole. Whoever shows a sign of life before the claim keeps everything.
    /// </summary>
    public async Task<Reassignment> TriggerReassignmentForInactivityAsync(long moderatorId, CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        var floor = now - rules.InactiveAfter;
        List<(long Id, long Profile, bool Exclusive, DateTime Since)> waiting;
        await using (var db = database.Read())
        {
            waiting = (await db.Conversations.Where(c => c.OwnerId == moderatorId && c.WaitingSince != null && c.WaitingSince <= floor)
                    .OrderBy(c => c.WaitingSince).ThenBy(c => c.Id)
                    .Select(c => new { c.Id, c.ProfileId, Exclusive = db.Profiles.Any(p => p.Id == c.ProfileId && p.Mode == ProfileMode.Exclusive && p.HolderId == moderatorId), c.WaitingSince })
                    .ToListAsync(cancel)).ConvertAll(c => (c.Id, c.ProfileId, c.Exclusive, c.WaitingSince!.Value));
        }
        var (moved, profiles, told) = (0, 0, 0);
        foreach (var profile in waiting.Where(c => c.Exclusive).GroupBy(c => c.Profile))
        {
            var outcome = await assignments.FreeForInactivityAsync(profile.Key, moderatorId, floor, cancel);
            if (outcome.Result == HoldResult.Done) profiles++;
            else if (outcome.Result == HoldResult.Unchanged && outcome.HeldById == moderatorId)
                told += await TellAsync(profile.Select(c => (c.Id, c.Since)), moderatorId, now, cancel);
        }
        foreach (var conversation in waiting.Where(c => !c.Exclusive))
        {
            var hop = await database.WriteAsync(session => HopAsync(session, conversation.Id, moderatorId, floor, rules, now), cancel);
            if (hop == HopResult.Move) moved++;
            else if (hop is not null) told += await TellAsync([(conversation.Id, conversation.Since)], moderatorId, now, cancel);
        }
        return new Reassignment(moved, profiles, told);
    }

    /// <summary>Finds the inactive and reassigns what waits for them. Swept every 15 seconds.</summary>
    public async Task<Reassignment> SweepAsync(CancellationToken cancel = default)
    {
        var total = new Reassignment(0, 0, 0);
        foreach (var person in await DetectInactiveModeratorsAsync(null, cancel))
        {
            var done = await TriggerReassignmentForInactivityAsync(person.ModeratorId, cancel);
            total = new Reassignment(total.Moved + done.Moved, total.Profiles + done.Profiles, total.Told + done.Told);
        }
        return total;
    }

    /// <summary>Null: no such moderator, or disabled.</summary>
    public async Task<Workload?> CalculateModeratorWorkloadAsync(long moderatorId, CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        await using var db = database.Read();
        if ((await LoadBalancingService.LoadsAsync(db, now, cancel)).Find(l => l.Id == moderatorId) is not { } load) return null;
        var person = await db.Moderators.Where(m => m.Id == moderatorId).Select(m => new { m.State, m.LastActivityAt }).FirstAsync(cancel);
        var since = now - TimeSpan.FromHours(1);
        // By the open conversations he has, so that it reads their messages and not everybody's.
        var answered = await db.Conversations.Where(c => c.OwnerId == moderatorId)
            .SelectMany(c => db.Messages.Where(m => m.ConversationId == c.Id && m.SenderId == moderatorId && m.At > since)).CountAsync(cancel);
        return new Workload(
            moderatorId, person.State, person.LastActivityAt, load.OpenCount, load.MaxConversations, load.Waiting, load.OldestWaiting, load.HeldProfiles, answered,
            LoadRules.Score(load).Score, ActivityRules.WhyOverloaded(load, rules.InactiveAfter, now));
    }

    /// <summary>
    /// Answer times per client over open conversations: the slowest waiting first, then the newest. Counted are the messages of the last
    /// <see cref="ResponseWindow"/>, so that a conversation of years costs no more than one of a week; how long somebody waits is told in full.
    /// </summary>
    public async Task<(IReadOnlyList<ClientResponseTime> Items, int Total)> MonitorResponseTimesAsync(int skip, int take, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        var open = db.Conversations.Where(c => c.Status != ConversationStatus.Closed);
        var page = await open.OrderBy(c => c.WaitingSince == null).ThenBy(c => c.WaitingSince).ThenByDescending(c => c.LastMessageAt).ThenBy(c => c.Id)
            .Skip(skip).Take(take)
            .Select(c => new
            {
                c.Id, c.ContactId, Contact = db.Contacts.Where(k => k.Id == c.ContactId).Select(k => k.Name).First(),
                Address = db.Contacts.Where(k => k.Id == c.ContactId).Select(k => k.Address).First(), c.ProfileId, c.WaitingSince,
                Profile = db.Profiles.Where(p => p.Id == c.ProfileId).Select(p => p.Name).First(), c.OwnerId,
                Owner = db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault(),
            }).ToListAsync(cancel);
        var ids = page.ConvertAll(c => c.Id);
        var since = now - ResponseWindow;
        var spoken = await db.Messages.Where(m => ids.Contains(m.ConversationId) && m.StoredAt > since).OrderBy(m => m.Id)
            .Select(m => new Spoken(m.ConversationId, m.Direction, m.StoredAt)).ToListAsync(cancel);
        var times = ResponseTimes.Of(spoken, now);
        return (page.ConvertAll(c => new ClientResponseTime(
            c.ContactId, ContactNames.Title(c.Contact, c.Address), c.ProfileId, c.Profile, c.OwnerId, c.Owner, (times.GetValueOrDefault(c.Id) ?? new ResponseTime(c.Id, null, null, null, null, 0)) with { WaitingFor = now - c.WaitingSince })),
            await open.CountAsync(cancel));
    }

    /// <summary>Who has too much to do, and in which way; the longest waiting client first.</summary>
    public async Task<IReadOnlyList<OverloadedModerator>> IdentifyOverloadedModeratorsAsync(CancellationToken cancel = default)
    {
        var (now, rules) = (Now, await settings.RoutingAsync(cancel));
        await using var db = database.Read();
        return [.. (await LoadBalancingService.LoadsAsync(db, now, cancel))
            .Select(l => (Load: l, Why: ActivityRules.WhyOverloaded(l, rules.InactiveAfter, now))).Where(x => x.Why is not null)
            .OrderBy(x => x.Load.OldestWaiting ?? DateTime.MaxValue).ThenByDescending(x => x.Load.OpenCount).ThenBy(x => x.Load.Id)
            .Select(x => new OverloadedModerator(
                x.Load.Id, x.Load.Name, x.Why!.Value, x.Load.OpenCount, x.Load.MaxConversations, x.Load.Waiting, x.Load.OldestWaiting))];
    }

    /// <summary>Null: it does not wait for this person any more, or he gave a sign of life.</summary>
    private async Task<HopResult?> HopAsync(WriteSession session, long conversationId, long ownerId, DateTime floor, RoutingSettings rules, DateTime now)
    {
        var db = session.Db;
        var conversation = await db.Conversations.AsNoTracking().FirstOrDefaultAsync(c => c.Id == conversationId && c.OwnerId == ownerId && c.WaitingSince <= floor);
        if (conversation?.WaitingSince is not { } since || await db.Moderators.AnyAsync(m => m.Id == ownerId && m.LastActivityAt > floor)) return null;
        // The memory of this wait is the conversation's own history.
        var history = await db.ConversationEvents.Where(e => e.ConversationId == conversationId && e.At >= since && e.Cause == ClaimCause.Inactivity)
            .Select(e => new { e.FromId, e.ToId }).ToListAsync();
        var hadIt = history.SelectMany(e => new[] { e.FromId, e.ToId }).OfType<long>().Append(ownerId).ToHashSet();
        var board = new AgentBoard(options.Value, now);
        await board.LoadAsync(session);
        var hop = ActivityRules.Next(board.For(conversation.ProfileId, paced: false), hadIt, history.Count, rules.MaxHops);
        if (hop.Result != HopResult.Move) return hop.Result;
        var seen = new SeenConversation(conversation.Id, conversation.ProfileId, conversation.Status, conversation.OwnerId, conversation.OwnerVersion);
        var outcome = await claims.ApplyAsync(
            session, new Claim(seen, ClaimCause.Inactivity, hop.Decision.ChosenId, DecisionReason.OwnerInactive) { Candidates = hop.Decision.Candidates }, now);
        return outcome.Result == ClaimResult.Done ? HopResult.Move : null;
    }

    /// <summary>Once per wait: the admins learn that nobody else can answer. Returns how many were news.</summary>
    private Task<int> TellAsync(IEnumerable<(long Conversation, DateTime Since)> unanswered, long moderatorId, DateTime now, CancellationToken cancel) =>
        database.WriteAsync(async session =>
        {
            var news = 0;
            foreach (var (conversation, since) in unanswered)
            {
                var key = string.Create(CultureInfo.InvariantCulture, $"unanswered:{conversation}:{since.Ticks}");
                if (await findings.RaiseAsync(session, new Found(FindingKind.Unanswered, key, null, moderatorId, conversation), false, now)) news++;
            }
            return news;
        }, cancel);

    private void Forget(long stamp)
    {
        foreach (var (key, at) in _typed)
        {
            if (clock.GetElapsedTime(at, stamp) > TypingEvery) _typed.TryRemove(key, out _);
        }
    }
}
