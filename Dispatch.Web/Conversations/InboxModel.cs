using Dispatch.Core.Conversations;

namespace Dispatch.Web.Conversations;

/// <summary>What came into and went out of a moderator's list between two reads.</summary>
public sealed record InboxChange(IReadOnlyList<ConversationRow> Arrived, IReadOnlyList<ConversationRow> Gone)
{
    public static InboxChange None { get; } = new([], []);
}

/// <summary>What the inbox shows, read again as a whole after each signal. Of two reads that overlap the later one counts.</summary>
public sealed class InboxModel(ConversationQueries queries, long me)
{
    private const int WaitingShown = 100;
    private IReadOnlyList<ConversationRow>? _mine;
    private int _listTurn;
    private int _openTurn;
    private long? _openId;

    /// <summary>The rows of the chosen filter; null: not read yet.</summary>
    public List<ConversationRow>? Rows { get; private set; }

    public int Total { get; private set; }
    public int Unread { get; private set; }
    public int Unanswered { get; private set; }
    public IReadOnlyList<WaitingRow> Waiting { get; private set; } = [];
    public int WaitingCount { get; private set; }

    public ConversationRow? Open { get; private set; }

    /// <summary>The open address names a conversation that is not (any more) the reader's; why, if it is known.</summary>
    public bool IsGone { get; private set; }
    public ThreadPage Thread { get; private set; } = ThreadPage.Empty;
    public ContactCard? Contact { get; private set; }
    public WhyDecision? Why { get; private set; }

    /// <summary>Unread messages when the thread was opened: where the unread line stands.</summary>
    public int UnreadAtOpening { get; private set; }

    /// <summary>Everybody who is on the screen, for the locks on them.</summary>
    public IEnumerable<long> Contacts => (_mine ?? []).Select(r => r.ContactId).Concat(Waiting.Select(r => r.ContactId)).Append(Open?.ContactId ?? 0);

    public bool IsMine => Open?.OwnerId == me;

    /// <param name="hold">The pointer is over the list: rows keep their places, new ones come at the end.</param>
    public async Task<InboxChange> ReadListAsync(InboxView view, bool hold, CancellationToken cancel)
    {
        var turn = ++_listTurn;
        var mine = await queries.MineAsync(me, cancel: cancel);
        var filter = view.Filter switch
        {
            InboxView.Unread => InboxFilter.Unread,
            InboxView.Unanswered => InboxFilter.Waiting,
            _ => InboxFilter.All,
        };
        var rows = filter == InboxFilter.All && view.Search.Length == 0 ? mine : await queries.MineAsync(me, filter, view.Search, cancel);
        var waiting = await queries.WaitingAsync(me, 0, view.Filter == InboxView.Line ? WaitingShown : 1, cancel);
        if (turn != _listTurn) return InboxChange.None;

        var change = _mine is null ? InboxChange.None : new InboxChange(
            [.. mine.ExceptBy(_mine.Select(r => r.Id), r => r.Id)], [.. _mine.ExceptBy(mine.Select(r => r.Id), r => r.Id)]);
        _mine = mine;
        Total = mine.Count;
        Unread = mine.Count(r => r.Unread > 0);
        Unanswered = mine.Count(r => r.WaitingSince is not null);
        Rows = hold && Rows is not null ? InPlace(Rows, rows) : [.. rows];
        Waiting = waiting.Items;
        WaitingCount = waiting.Total;
        return change;
    }

    public async Task OpenAsync(long? id, CancellationToken cancel)
    {
        if (id == _openId) return;
        _openId = id;
        Open = null;
        IsGone = false;
        Thread = ThreadPage.Empty;
        Contact = null;
        Why = null;
        UnreadAtOpening = 0;
        if (id is not null) await ReadOpenAsync(cancel);
    }

    public async Task ReadOpenAsync(CancellationToken cancel)
    {
        if (_openId is not { } id) return;
        var turn = ++_openTurn;
        var row = await queries.FindForAsync(id, me, cancel);
        var opening = Open is null;
        var thread = row is null ? Thread
            : Thread.Messages.Count == 0 ? await queries.ThreadAsync(id, null, cancel)
            : await queries.ThreadFromAsync(id, Thread.Messages[0].Id, cancel);
        var moved = row is not null && row.OwnerVersion != Open?.OwnerVersion;
        var contact = moved ? await queries.ContactAsync(id, cancel) : Contact;
        var why = moved ? await queries.WhyAsync(id, cancel) : Why;
        if (turn != _openTurn || id != _openId) return;

        IsGone = row is null;
        if (row is null)
        {
            // What is no longer the reader's is no longer shown to him.
            Thread = ThreadPage.Empty;
            Open = null;
            return;
        }
        Open = row;
        Thread = thread;
        Contact = contact;
        Why = why;
        if (opening) UnreadAtOpening = row.Unread;
    }

    public async Task ReadOlderAsync(CancellationToken cancel)
    {
        if (_openId is not { } id || Thread.Messages.Count == 0) return;
        var first = Thread.Messages[0].Id;
        var older = await queries.ThreadAsync(id, first, cancel);
        if (id != _openId || Thread.Messages.Count == 0 || Thread.Messages[0].Id != first) return;
        Thread = Thread.WithOlder(older);
    }

    /// <summary>
    /// The neighbour of the open conversation in the list; null: there is no other. After the last comes the first: who was just answered goes to the end, and next is whoever waits longest.
    /// </summary>
    public long? Neighbour(int step)
    {
        if (Rows is not { Count: > 0 } rows) return null;
        var at = rows.FindIndex(r => r.Id == _openId);
        var next = at < 0 ? (step > 0 ? 0 : rows.Count - 1) : (at + step + rows.Count) % rows.Count;
        return next == at ? null : rows[next].Id;
    }

    private static List<ConversationRow> InPlace(List<ConversationRow> shown, IReadOnlyList<ConversationRow> fresh)
    {
        var byId = fresh.ToDictionary(r => r.Id);
        var kept = shown.Where(r => byId.ContainsKey(r.Id)).Select(r => byId[r.Id]).ToList();
        kept.AddRange(fresh.ExceptBy(kept.Select(r => r.Id), r => r.Id));
        return kept;
    }
}
