using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Support;

/// <summary>What must hold at every commit, whatever was done at once and wherever a process was killed. One line per violation.</summary>
public static class Consistency
{
    public static async Task<IReadOnlyList<string>> ViolationsAsync(DispatchDb db)
    {
        var found = new List<string>();
        // One snapshot: asked while nodes run, rows read one after the other would be of different commits.
        await db.Database.OpenConnectionAsync();
        await using var snapshot = db.Database.GetDbConnection() is SqliteConnection sqlite
            ? sqlite.BeginTransaction(deferred: true)
            : await db.Database.GetDbConnection().BeginTransactionAsync(db.Database.IsNpgsql() ? System.Data.IsolationLevel.RepeatableRead : System.Data.IsolationLevel.Snapshot);
        await using var reading = await db.Database.UseTransactionAsync(snapshot);
        var conversations = await db.Conversations.AsNoTracking().ToListAsync();
        var moderators = await db.Moderators.AsNoTracking().ToListAsync();
        var pending = await db.PendingMessages.AsNoTracking().ToListAsync();
        var events = await db.ConversationEvents.AsNoTracking().OrderBy(e => e.Id).ToListAsync();
        var messages = await db.Messages.AsNoTracking().Select(m => new { m.Id, m.ConversationId, m.ChannelId, m.ProviderMessageId, m.EffectKey }).ToListAsync();

        foreach (var twice in conversations.Where(c => c.Status != ConversationStatus.Closed).GroupBy(c => (c.ProfileId, c.ContactId)).Where(g => g.Count() > 1))
            found.Add($"contact {twice.Key.ContactId} has {twice.Count()} open conversations on profile {twice.Key.ProfileId}");
        foreach (var c in conversations.Where(c => (c.Status is ConversationStatus.Assigned or ConversationStatus.AssignedOffline) != (c.OwnerId is not null)))
            found.Add($"conversation {c.Id} is {c.Status} with owner {c.OwnerId}");

        var loads = conversations.Where(c => c.OwnerId is not null).GroupBy(c => c.OwnerId!.Value).ToDictionary(g => g.Key, g => g.Count());
        foreach (var m in moderators)
        {
            var load = loads.GetValueOrDefault(m.Id);
            if (m.OpenCount != load) found.Add($"moderator {m.Id} counts {m.OpenCount} but has {load}");
            if (load > m.MaxConversations) found.Add($"moderator {m.Id} has {load} of at most {m.MaxConversations}");
        }

        var profiles = await db.Profiles.AsNoTracking().ToListAsync();
        var held = profiles.Where(p => p.HolderId is not null).GroupBy(p => p.HolderId!.Value).ToDictionary(g => g.Key, g => g.Count());
        foreach (var m in moderators.Where(m => m.HeldProfiles != held.GetValueOrDefault(m.Id)))
            found.Add($"moderator {m.Id} counts {m.HeldProfiles} profiles but holds {held.GetValueOrDefault(m.Id)}");
        var holdings = await db.ProfileAssignments.AsNoTracking().Where(a => a.EndedAt == null).ToListAsync();
        foreach (var twice in holdings.GroupBy(a => a.ProfileId).Where(g => g.Count() > 1)) found.Add($"profile {twice.Key} is held {twice.Count()} times");
        foreach (var p in profiles.Where(p => p.HolderId != holdings.Find(a => a.ProfileId == p.Id)?.ModeratorId))
            found.Add($"profile {p.Id} has holder {p.HolderId}, its history says {holdings.Find(a => a.ProfileId == p.Id)?.ModeratorId}");

        var waiting = pending.Select(p => p.ConversationId).ToHashSet();
        foreach (var c in conversations)
        {
            if (c.Status == ConversationStatus.Pending && !waiting.Contains(c.Id)) found.Add($"conversation {c.Id} is pending but nothing of it waits");
            if (c.Status != ConversationStatus.Pending && waiting.Contains(c.Id)) found.Add($"conversation {c.Id} is {c.Status} but messages of it wait");
        }
        var home = messages.ToDictionary(m => m.Id, m => m.ConversationId);
        foreach (var p in pending.Where(p => home[p.MessageId] != p.ConversationId)) found.Add($"message {p.MessageId} waits for a conversation it is not in");

        foreach (var same in messages.Where(m => m.ProviderMessageId is not null).GroupBy(m => (m.ChannelId, m.ProviderMessageId)).Where(g => g.Count() > 1))
            found.Add($"message {same.Key} is stored {same.Count()} times");
        foreach (var same in messages.Where(m => m.EffectKey is not null).GroupBy(m => m.EffectKey).Where(g => g.Count() > 1))
            found.Add($"effect {same.Key} exists {same.Count()} times");

        // Opened and parked are told at the version they happened in; every other event made a version of its own.
        foreach (var history in events.Where(e => e.Kind is not (ConversationEventKind.Opened or ConversationEventKind.Parked or ConversationEventKind.NoteAdded))
                     .GroupBy(e => e.ConversationId))
        {
            foreach (var (before, after) in history.Zip(history.Skip(1)))
            {
                if (after.OwnerVersion <= before.OwnerVersion)
                    found.Add($"conversation {history.Key} went from version {before.OwnerVersion} to {after.OwnerVersion}");
            }
        }
        var last = events.GroupBy(e => e.ConversationId).ToDictionary(g => g.Key, g => g.Max(e => e.OwnerVersion));
        foreach (var c in conversations.Where(c => c.OwnerVersion != last.GetValueOrDefault(c.Id)))
            found.Add($"conversation {c.Id} is at version {c.OwnerVersion}, its last event at {last.GetValueOrDefault(c.Id)}");
        return found;
    }
}
