using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>What the screens read beyond the lists: one prospect whole, the tabs of the queue, what a bulk step is about.</summary>
public sealed partial class OutreachQueries
{
    /// <summary>Of each kind of line in a prospect's history.</summary>
    private const int HistoryLines = 100;

    /// <summary>A count behind a tab stops here: "more than ten thousand" is answer enough, and never goes through a million rows.</summary>
    public const int MaxCounted = 10_000;

    /// <summary>A prospect with what is planned, what was executed and what he and moderators wrote. Null: there is none.</summary>
    public async Task<ProspectDetails?> DetailsAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        if ((await ProspectRowsAsync(db, db.Prospects.Where(p => p.Id == id), cancel)).FirstOrDefault() is not { } row) return null;
        var more = await db.Prospects.Where(p => p.Id == id).Select(p => new { p.TimeZone, p.Draft, p.DraftReason, p.StoppedAt }).FirstAsync(cancel);
        // By the index (prospect_id, id): the newest ones, however long the history is.
        var actions = await RowsAsync(db, db.OutreachActions.Where(a => a.ProspectId == id).OrderByDescending(a => a.Id).Take(HistoryLines), cancel);
        var log = await LogAsync(new LogSearch(ProspectId: id, Take: HistoryLines), cancel);
        var conversation = await ConversationAsync(db, id, cancel);
        var messages = conversation is null ? [] : await (from m in db.Messages
                                                          join u in db.Users on m.SenderId equals u.Id into senders
                                                          from u in senders.DefaultIfEmpty()
                                                          // What outreach sent is there by its log.
                                                          where m.ConversationId == conversation.Id && (m.EffectKey == null || !m.EffectKey.StartsWith(SentElsewhere.KeyPrefix))
                                                          orderby m.Id descending
                                                          select new ProspectMessage(m.Id, m.Direction, m.At, m.Type, m.Text, u.DisplayName)).Take(HistoryLines).ToListAsync(cancel);
        return new ProspectDetails(row, more.TimeZone, more.Draft, more.DraftReason, more.StoppedAt, conversation, [.. actions.OrderBy(a => a.Id)], log.Items, messages);
    }

    /// <summary>How many stand behind each tab; at most <see cref="MaxCounted"/> each.</summary>
    public async Task<IReadOnlyDictionary<ActionTab, int>> TabsAsync(long? accountId = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var counts = new Dictionary<ActionTab, int>();
        foreach (var tab in Enum.GetValues<ActionTab>())
            counts[tab] = await Tabbed(Filter(db, new ActionSearch(AccountId: accountId)), tab).OrderBy(a => a.DueAt).ThenBy(a => a.Id).Take(MaxCounted).CountAsync(cancel);
        return counts;
    }

    /// <summary>Ids of everything that a filter finds, in the order of the list; at most <paramref name="most"/>.</summary>
    public async Task<IReadOnlyList<long>> ActionIdsAsync(ActionSearch search, int most, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Filter(db, search).OrderBy(a => a.DueAt).ThenBy(a => a.Id).Select(a => a.Id).Take(most).ToListAsync(cancel);
    }

    /// <summary>Accounts to choose from, by name.</summary>
    public async Task<IReadOnlyList<AccountName>> AccountNamesAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Accounts.OrderBy(a => a.Name).Select(a => new AccountName(a.Id, a.Name)).ToListAsync(cancel);
    }

    private static IQueryable<OutreachAction> Tabbed(IQueryable<OutreachAction> found, ActionTab tab) => tab switch
    {
        ActionTab.Pending => found.Where(a => a.Status == ActionStatus.Pending),
        // As the partial index of what is in hand says it.
        ActionTab.Running => found.Where(a => a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending),
        ActionTab.Retrying => found.Where(a => a.Status == ActionStatus.Pending && a.Attempts > 0),
        ActionTab.Uncertain => found.Where(a => a.Status == ActionStatus.Uncertain),
        ActionTab.Dead => found.Where(a => a.Status == ActionStatus.Failed),
    };

    /// <summary>The newest conversation with him under the account's profile.</summary>
    private static Task<ProspectConversation?> ConversationAsync(DispatchDb db, long prospect, CancellationToken cancel) =>
        (from p in db.Prospects
         join a in db.Accounts on p.AccountId equals a.Id
         join profile in db.Profiles on a.ChannelId equals profile.ChannelId
         join contact in db.Contacts on p.Address equals contact.Address
         join c in db.Conversations on new { ContactId = contact.Id, ProfileId = profile.Id } equals new { c.ContactId, c.ProfileId }
         join u in db.Users on c.OwnerId equals u.Id into owners
         from u in owners.DefaultIfEmpty()
         where p.Id == prospect
         orderby c.Id descending
         select new ProspectConversation(c.Id, c.ProfileId, c.Status, c.OwnerId, u.DisplayName, c.OwnerVersion)).FirstOrDefaultAsync(cancel);
}

/// <summary>The tabs of the queue. <see cref="Retrying"/> failed and is tried again by itself; <see cref="Dead"/> is not.</summary>
public enum ActionTab { Pending, Running, Retrying, Uncertain, Dead }

public sealed record AccountName(long Id, string Name);

/// <summary>Where his messages are, and who answers them.</summary>
public sealed record ProspectConversation(long Id, long ProfileId, ConversationStatus Status, long? OwnerId, string? OwnerName, long OwnerVersion)
{
    public bool IsOpen => Status != ConversationStatus.Closed;
}

/// <param name="Sender">The moderator's name; null: he himself, or the phone of the account.</param>
public sealed record ProspectMessage(long Id, MessageDirection Direction, DateTime At, string Type, string Text, string? Sender);

/// <summary>One prospect as his page shows him; times are UTC.</summary>
/// <param name="Draft">An automatic answer that waits for a moderator.</param>
/// <param name="Actions">The newest hundred in the order in which they were planned.</param>
/// <param name="Log">The newest hundred executions, the newest first.</param>
/// <param name="Messages">The newest hundred of the conversation, the newest first.</param>
public sealed record ProspectDetails(
    ProspectRow Prospect, string? TimeZone, string? Draft, DraftReason? DraftReason, DateTime? StoppedAt, ProspectConversation? Conversation, IReadOnlyList<ActionRow> Actions,
    IReadOnlyList<LogRow> Log, IReadOnlyList<ProspectMessage> Messages);
