using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Telemetry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Conversations;

/// <summary>
/// One transaction over everything that waited together: dedupe, contact, conversation, message, decide, claim or park. Order within a
/// conversation is the order of arrival. When another node was faster at anything, the whole batch is done again from fresh reads.
/// </summary>
public sealed class InboundIngest(
    ConversationClaims claims, PendingMessageService pending, IEnumerable<IInboundFollower> followers, IOptions<ConversationOptions> options)
{
    private readonly IInboundFollower[] _followers = [.. followers];

    public async Task<IReadOnlyList<InboundResult>> StoreAsync(WriteSession session, IReadOnlyList<InboundBatch> batches, DateTime now)
    {
        var items = await SelectNewAsync(session, batches);
        try
        {
            var groups = await ResolveAsync(session, items, now);
            await StoreMessagesAsync(session, items, now);
            await PlaceAsync(session, groups, now);
            TellAfterCommit(session, batches, groups, now);
            // After the conversations: everybody locks in this order.
            if (items.Count > 0)
            {
                foreach (var follower in _followers) await follower.StoredAsync(session, [.. items.Select(i => i.Message)], now);
            }
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // Another node stored the same contact, conversation or message between our read and our insert.
            throw new StaleReadException("inbound");
        }
        var statuses = await ApplyStatusesAsync(session, batches, now);
        var taken = new int[batches.Count];
        var stored = new int[batches.Count];
        foreach (var item in items)
        {
            taken[item.Batch]++;
            if (item.MessageId > 0) stored[item.Batch]++;
        }
        return [.. batches.Select((batch, b) => new InboundResult(stored[b], batch.Messages.Count - taken[b], taken[b] - stored[b], statuses[b]))];
    }

    /// <summary>Drops what is stored already and what the batch itself holds twice.</summary>
    private static async Task<List<Item>> SelectNewAsync(WriteSession session, IReadOnlyList<InboundBatch> batches)
    {
        var seen = new HashSet<(long, string)>();
        var items = new List<Item>();
        for (var b = 0; b < batches.Count; b++)
        {
            foreach (var message in batches[b].Messages)
            {
                if (seen.Add((batches[b].ChannelId, message.ProviderId))) items.Add(new Item(b, batches[b].ChannelId, batches[b].ProfileId, InboundStore.Fit(message)));
            }
        }
        if (items.Count == 0) return items;
        var known = await InboundStore.KnownAsync(session, [.. items.Select(i => (i.Channel, i.Message.ProviderId))]);
        items.RemoveAll(i => known.Contains((i.Channel, i.Message.ProviderId)));
        return items;
    }

    /// <summary>Finds or makes contact and conversation of each item; groups the items by conversation.</summary>
    private async Task<List<Group>> ResolveAsync(WriteSession session, List<Item> items, DateTime now)
    {
        // Sorted, so that two nodes lock conversations in the same order.
        var addresses = items.Select(i => i.Message.Address).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var contacts = await InboundStore.ContactsAsync(session, addresses);
        var names = items.Where(i => i.Message.Name.Length > 0 && !i.Message.FromUs)
            .GroupBy(i => i.Message.Address, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Message.Name, StringComparer.Ordinal);
        var writers = items.Where(i => !i.Message.FromUs).Select(i => i.Message.Address).ToHashSet(StringComparer.Ordinal);
        var missing = addresses.Where(a => writers.Contains(a) && !contacts.ContainsKey(a)).Select(a => (a, names.GetValueOrDefault(a, ""))).ToList();
        foreach (var (id, address) in await InboundStore.AddContactsAsync(session, missing, now)) contacts[address] = (id, names.GetValueOrDefault(address, ""));
        await InboundStore.RenameAsync(session, [.. names.Where(n => contacts[n.Key].Name != n.Value).Select(n => (contacts[n.Key].Id, n.Value))]);

        var groups = items.Where(i => contacts.ContainsKey(i.Message.Address))
            .GroupBy(i => (i.Profile, contacts[i.Message.Address].Id))
            .OrderBy(g => g.Key).Select(g => new Group(g.Key.Profile, g.Key.Id, [.. g])).ToList();
        var found = await InboundStore.NewestAsync(session, [.. groups.Select(g => (g.Profile, g.Contact))]);
        foreach (var group in groups) group.Found = found.GetValueOrDefault((group.Profile, group.Contact));

        // Our own words to somebody who never wrote open nothing; a contact's words after the reopening time start afresh.
        var fresh = groups.Where(g => g.HasInbound && (g.Found is null || IsOver(g.Found, now))).ToList();
        var made = await InboundStore.AddConversationsAsync(session, [.. fresh.Select(g => (g.Profile, g.Contact))], now);
        foreach (var (id, profile, contact) in made)
        {
            var group = fresh.Find(g => g.Profile == profile && g.Contact == contact)!;
            group.Found = new FoundConversation(new SeenConversation(id, profile, ConversationStatus.Pending, null, 0), null, null);
            group.IsNew = true;
        }
        groups.RemoveAll(g => g.Found is null);
        return groups;
    }

    /// <summary>One that was never anybody's holds only what we sent him (<see cref="SentElsewhere"/>): his first word opens it, however late.</summary>
    private bool IsOver(FoundConversation found, DateTime now) =>
        found.Seen is { Status: ConversationStatus.Closed, OwnerVersion: > 0 } && found.ClosedAt + options.Value.ReopenWithin < now;

    private static async Task StoreMessagesAsync(WriteSession session, List<Item> items, DateTime now)
    {
        var storable = items.Where(i => i.Group is not null).ToList();
        var ids = await InboundStore.AddMessagesAsync(session, [.. storable.Select(i => (i.Group!.Found!.Seen.Id, i.Channel, i.Message))], now);
        // The provider id alone may repeat across channels: give the ids out in order within it.
        var byProviderId = ids.OrderBy(x => x.Id).ToLookup(x => x.ProviderId, x => x.Id, StringComparer.Ordinal);
        foreach (var same in storable.GroupBy(i => i.Message.ProviderId, StringComparer.Ordinal))
        {
            foreach (var (item, id) in same.Zip(byProviderId[same.Key])) item.MessageId = id;
        }
        var touched = new List<(long, InboundMessage, int)>();
        foreach (var group in storable.Select(i => i.Group!).Distinct())
        {
            var last = group.Items[^1].Message;
            // Unread counts what came after our own last word.
            var unread = group.Items.Count - 1 - group.Items.FindLastIndex(i => i.Message.FromUs);
            var id = group.Found!.Seen.Id;
            touched.Add((id, last, unread));
            session.Publish(Topics.Conversation(id), EventNames.MessageReceived, id);
            session.Publish(Topics.Board, EventNames.MessageReceived, id);
            if (group.Found.Seen.OwnerId is { } owner) session.Publish(Topics.Moderator(owner), EventNames.MessageReceived, id);
        }
        if (!await InboundStore.TouchAsync(session, touched, now)) throw new StaleReadException("conversation");
    }

    private async Task PlaceAsync(WriteSession session, List<Group> groups, DateTime now)
    {
        var placement = new Placement(session, claims, options.Value, now);
        var profilesThatWait = new Dictionary<long, bool>();
        var fresh = new List<Group>();
        foreach (var group in groups.Where(g => g.HasInbound))
        {
            var seen = group.Found!.Seen;
            switch (seen.Status)
            {
                case ConversationStatus.Assigned:
                    break;
                case ConversationStatus.AssignedOffline:
                    // The owner is not there: somebody present takes it over, or it goes on waiting for him.
                    await placement.PlaceAsync(seen, ClaimCause.FailOver, null, onlineOnly: true, DecisionReason.OwnerLeft);
                    break;
                case ConversationStatus.Pending when !group.IsNew:
                    group.Placed = Placed.Parked;
                    await pending.StoreAsync(session, group.Rows, DecisionReason.OlderOnesFirst, now);
                    break;
                case ConversationStatus.Pending:
                    fresh.Add(group);
                    break;
                case ConversationStatus.Closed:
                    var reopened = await claims.ApplyAsync(session, new Claim(seen, ClaimCause.Reopen, null, DecisionReason.None), now);
                    if (!reopened.Succeeded) throw new StaleReadException("reopen");
                    seen = seen with { Status = ConversationStatus.Pending, OwnerVersion = reopened.OwnerVersion };
                    await PlaceOrParkAsync(session, placement, group, seen, group.Found.LastOwnerId, profilesThatWait, now);
                    break;
                default:
                    throw new InvalidOperationException($"Unknown status {seen.Status}");
            }
        }
        await PlaceFreshAsync(session, placement, fresh, profilesThatWait, now);
    }

    /// <summary>Each conversation's own step in the trace of the call that brought its message, and what was decided, once it is true.</summary>
    private static void TellAfterCommit(WriteSession session, IReadOnlyList<InboundBatch> batches, List<Group> groups, DateTime now)
    {
        // Signals of a group of calls go out together; they are told as those of its first.
        if (groups.Count > 0 && session.Cause == default) session.Cause = batches[groups[0].Items[0].Batch].Cause;
        session.AfterCommit(() =>
        {
            foreach (var group in groups.Where(g => g.HasInbound))
            {
                ConversationMetrics.OnPlaced(group.Placed);
                Traces.Tell(
                    Traces.Place, batches[group.Items[0].Batch].Cause, new DateTimeOffset(now, TimeSpan.Zero), ("dispatch.conversation.id", group.Found!.Seen.Id), ("dispatch.profile.id", group.Profile),
                    ("dispatch.outcome", group.Placed.ToString().ToLowerInvariant()));
            }
        });
    }

    /// <summary>New conversations: all decided on one board and claimed together; one by one only when somebody was faster.</summary>
    private async Task PlaceFreshAsync(
        WriteSession session, Placement placement, List<Group> fresh, Dictionary<long, bool> profilesThatWait, DateTime now)
    {
        await ConversationClaims.AddEventsAsync(session, [.. fresh.Select(g => new ConversationEvent
            { ConversationId = g.Found!.Seen.Id, At = now, Kind = ConversationEventKind.Opened, Cause = ClaimCause.Inbound })]);
        // One is not worth planning, and where somebody waits already the line decides.
        if (fresh.Count > 1)
        {
            var free = new List<Group>();
            foreach (var group in fresh)
            {
                if (!await SomeoneWaitsAsync(session, profilesThatWait, group.Profile)) free.Add(group);
            }
            var placed = await placement.PlaceNewAsync([.. free.Select(g => g.Found!.Seen)]);
            foreach (var group in fresh.Where(g => placed.Contains(g.Found!.Seen.Id))) group.Placed = Placed.Assigned;
            fresh.RemoveAll(g => placed.Contains(g.Found!.Seen.Id));
        }
        foreach (var group in fresh) await PlaceOrParkAsync(session, placement, group, group.Found!.Seen, null, profilesThatWait, now);
    }

    private async Task PlaceOrParkAsync(
        WriteSession session, Placement placement, Group group, SeenConversation seen, long? preferred, Dictionary<long, bool> profilesThatWait, DateTime now)
    {
        Decision decision;
        if (await SomeoneWaitsAsync(session, profilesThatWait, seen.ProfileId) && !(preferred is { } id && (await placement.BoardAsync()).IsPresent(id)))
        {
            // Whoever came first is served first: the drain hands them out in order, this one behind them.
            decision = Decision.Nobody(DecisionReason.OlderOnesFirst);
        }
        else
        {
            (decision, var outcome) = await placement.PlaceAsync(seen, ClaimCause.Inbound, preferred, onlineOnly: false);
            if (outcome is { Succeeded: true })
            {
                group.Placed = Placed.Assigned;
                return;
            }
        }
        group.Placed = Placed.Parked;
        await pending.StoreAsync(session, group.Rows, decision.Reason, now);
        await ConversationClaims.AddEventAsync(session, new ConversationEvent
        {
            ConversationId = seen.Id, At = now, Kind = ConversationEventKind.Parked, Cause = ClaimCause.Inbound, Reason = decision.Reason,
            OwnerVersion = seen.OwnerVersion, Candidates = ConversationClaims.ToJson(decision.Candidates),
        });
        profilesThatWait[seen.ProfileId] = true;
        session.Publish(Topics.Waiting, EventNames.Parked, seen.Id);
        session.Publish(Topics.Board, EventNames.Parked, seen.Id);
    }

    private static async Task<bool> SomeoneWaitsAsync(WriteSession session, Dictionary<long, bool> known, long profile)
    {
        if (!known.TryGetValue(profile, out var waits)) known[profile] = waits = await InboundStore.SomeoneWaitsAsync(session, profile);
        return waits;
    }

    private async Task<int[]> ApplyStatusesAsync(WriteSession session, IReadOnlyList<InboundBatch> batches, DateTime now)
    {
        var applied = new int[batches.Count];
        var failures = new List<LateFailure>();
        for (var b = 0; b < batches.Count; b++)
        {
            var channel = batches[b].ChannelId;
            foreach (var status in batches[b].Statuses.Select(InboundStore.Fit).OrderBy(s => s.At))
            {
                if (await InboundStore.ApplyStatusAsync(session, channel, status))
                {
                    applied[b]++;
                    var line = await session.Db.Messages.Where(m => m.ChannelId == channel && m.ProviderMessageId == status.ProviderId)
                        .Select(m => new { m.ConversationId, m.EffectKey }).FirstAsync();
                    if (status.Status == MessageStatus.Failed && line.EffectKey is { } key && SentElsewhere.IsKey(key)) failures.Add(new LateFailure(key, status.Error));
                    session.Publish(Topics.Conversation(line.ConversationId), EventNames.MessageStatus, line.ConversationId);
                }
                else if (!await session.Db.Messages.AnyAsync(m => m.ChannelId == channel && m.ProviderMessageId == status.ProviderId))
                {
                    session.Db.EarlyStatuses.Add(new EarlyStatus
                        { ChannelId = channel, ProviderMessageId = status.ProviderId, Status = status.Status, At = status.At, Error = status.Error });
                }
            }
        }
        await session.Db.SaveChangesAsync();
        if (failures.Count > 0)
        {
            foreach (var follower in _followers) await follower.FailedAsync(session, failures, now);
        }
        return applied;
    }

    private sealed class Item(int batch, long channel, long profile, InboundMessage message)
    {
        public int Batch => batch;
        public long Channel => channel;
        public long Profile => profile;
        public InboundMessage Message => message;
        public Group? Group { get; set; }
        public long MessageId { get; set; }
    }

    private sealed class Group
    {
        private FoundConversation? _found;

        public Group(long profile, long contact, List<Item> items)
        {
            Profile = profile;
            Contact = contact;
            Items = items;
        }

        public long Profile { get; }
        public long Contact { get; }
        public List<Item> Items { get; }
        public bool IsNew { get; set; }
        public Placed Placed { get; set; }
        public bool HasInbound => Items.Exists(i => !i.Message.FromUs);

        public FoundConversation? Found
        {
            get => _found;
            set
            {
                _found = value;
                foreach (var item in Items) item.Group = value is null ? null : this;
            }
        }

        public IReadOnlyList<(long Conversation, long Profile, long Message)> Rows =>
            [.. Items.Where(i => !i.Message.FromUs).Select(i => (Found!.Seen.Id, Profile, i.MessageId))];
    }
}
