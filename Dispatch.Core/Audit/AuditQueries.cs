using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Audit;

/// <summary>Whose trail: changes by administrators, or what happened to conversations, bookings, numbers, prospects.</summary>
public enum AuditTrail { Changes, Conversations, Bookings, Numbers, Outreach }

/// <param name="Kind">A word of the trail's own kinds; empty or unknown: all.</param>
/// <param name="SubjectId">One conversation, booking, number or prospect; of changes: the id of whatever was changed.</param>
/// <param name="Of">Of changes: only those of such; other trails have one kind of subject.</param>
/// <param name="Before">Only what is older than this entry; null: from the newest.</param>
public sealed record AuditSearch(
    AuditTrail Trail = AuditTrail.Changes, long? ActorId = null, string Kind = "", DateTime? From = null, DateTime? To = null, long? SubjectId = null, long? Before = null, int Take = 50, AuditSubject? Of = null);

/// <summary>A line of a trail.</summary>
/// <param name="Kind">The word of the trail's enum.</param>
/// <param name="Name">Who or what it is about, where that has a name.</param>
/// <param name="From">The value or the person before.</param>
/// <param name="To">The value or the person after.</param>
/// <param name="Reason">Why, as a word of the trail's own reasons; null: none.</param>
public sealed record AuditRow(
    long Id, DateTime At, long? ActorId, string? Actor, string Kind, AuditSubject? Subject, long? SubjectId, string? Name, string? From, string? To, string? Reason, string? Hash = null);

/// <param name="Next">Go on before this entry; null: there is nothing older.</param>
/// <param name="Searched">True: so many entries were looked through that the search stopped; <paramref name="Next"/> goes on.</param>
public sealed record AuditPage(IReadOnlyList<AuditRow> Items, long? Next, bool Searched = false);

/// <summary>
/// Reads the trails, newest first, by their keys. The long ones have no index on time or person, which every message would pay for: a time is found by
/// halving the ids (they grow with time), and a person among so many of the newest entries at once.
/// </summary>
public sealed class AuditQueries(Database database)
{
    public const int MaxPageSize = 500;

    /// <summary>Entries looked through for one page.</summary>
    public const int Window = 50_000;

    /// <summary>Transactions that run at once may commit in another order than their ids say.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(10);

    /// <summary>The words that <see cref="AuditSearch.Kind"/> may be.</summary>
    public static IReadOnlyList<string> Kinds(AuditTrail trail) => trail switch
    {
        AuditTrail.Changes => Enum.GetNames<AuditKind>(),
        AuditTrail.Conversations => Enum.GetNames<ConversationEventKind>(),
        AuditTrail.Bookings => Enum.GetNames<BookingEventKind>(),
        AuditTrail.Numbers => Enum.GetNames<NumberTrigger>(),
        AuditTrail.Outreach => Enum.GetNames<ActionStatus>(),
    };

    public async Task<AuditPage> ListAsync(AuditSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return search.Trail switch
        {
            AuditTrail.Changes => await PageAsync(db, search, Changes(db, search), e => e.Id, e => e.At, rows => rows.Select(e => new AuditRow(
                e.Id, e.At, e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(), e.Kind.ToString(), e.Subject, e.SubjectId, e.Name, e.Before, e.After,
                null, e.Hash)), cancel),
            AuditTrail.Conversations => await PageAsync(db, search, Conversations(db, search), e => e.Id, e => e.At, rows => rows.Select(e => new AuditRow(
                e.Id, e.At, e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(), e.Kind.ToString(), null, e.ConversationId,
                (from c in db.Conversations join k in db.Contacts on c.ContactId equals k.Id where c.Id == e.ConversationId select k.Name).FirstOrDefault(),
                db.Moderators.Where(m => m.Id == e.FromId).Select(m => m.Name).FirstOrDefault(), db.Moderators.Where(m => m.Id == e.ToId).Select(m => m.Name).FirstOrDefault(),
                e.Reason.ToString(), null)), cancel),
            AuditTrail.Bookings => await PageAsync(db, search, Bookings(db, search), e => e.Id, e => e.At, rows => rows.Select(e => new AuditRow(
                e.Id, e.At, e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(), e.Kind.ToString(), null, e.BookingId,
                db.Bookings.Where(b => b.Id == e.BookingId).Select(b => b.CustomerName).FirstOrDefault(), null, db.Drivers.Where(d => d.Id == e.DriverId).Select(d => d.Name).FirstOrDefault(),
                e.Note, null)), cancel),
            AuditTrail.Numbers => await PageAsync(db, search, Numbers(db, search), e => e.Id, e => e.At, rows => rows.Select(e => new AuditRow(
                e.Id, e.At, e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(), e.Kind.ToString(), null, e.NumberId,
                (from n in db.Numbers join c in db.Clients on n.ClientId equals c.Id where n.Id == e.NumberId select c.Name).FirstOrDefault(), e.FromState.ToString(), e.ToState.ToString(),
                e.Reason.ToString(), null)), cancel),
            AuditTrail.Outreach => await PageAsync(db, search, Outreach(db, search), e => e.Id, e => e.At, rows => rows.Select(e => new AuditRow(
                e.Id, e.At, null, null, e.Status.ToString(), null, e.ProspectId, db.Prospects.Where(p => p.Id == e.ProspectId).Select(p => p.Name).FirstOrDefault(), null, e.Action, e.Error, null)), cancel),
        };
    }

    /// <summary>Everybody who may have done something, by name.</summary>
    public async Task<IReadOnlyList<NamedId>> PeopleAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Users.OrderBy(u => u.DisplayName).ThenBy(u => u.Id).Select(u => new NamedId(u.Id, u.DisplayName)).ToListAsync(cancel);
    }

    private static IQueryable<AuditEntry> Changes(DispatchDb db, AuditSearch search)
    {
        var found = db.AuditEntries.AsQueryable();
        if (search.ActorId is { } actor) found = found.Where(e => e.ActorId == actor);
        if (search.SubjectId is { } id) found = found.Where(e => e.SubjectId == id);
        if (search.Of is { } of) found = found.Where(e => e.Subject == of);
        return Word<AuditKind>(search.Kind) is { } kind ? found.Where(e => e.Kind == kind) : found;
    }

    private static IQueryable<ConversationEvent> Conversations(DispatchDb db, AuditSearch search)
    {
        var found = db.ConversationEvents.AsQueryable();
        if (search.SubjectId is { } id) found = found.Where(e => e.ConversationId == id);
        if (search.ActorId is { } actor) found = found.Where(e => e.ActorId == actor);
        return Word<ConversationEventKind>(search.Kind) is { } kind ? found.Where(e => e.Kind == kind) : found;
    }

    private static IQueryable<BookingEvent> Bookings(DispatchDb db, AuditSearch search)
    {
        var found = db.BookingEvents.AsQueryable();
        if (search.SubjectId is { } id) found = found.Where(e => e.BookingId == id);
        if (search.ActorId is { } actor) found = found.Where(e => e.ActorId == actor);
        return Word<BookingEventKind>(search.Kind) is { } kind ? found.Where(e => e.Kind == kind) : found;
    }

    private static IQueryable<NumberEvent> Numbers(DispatchDb db, AuditSearch search)
    {
        var found = db.NumberEvents.AsQueryable();
        if (search.SubjectId is { } id) found = found.Where(e => e.NumberId == id);
        if (search.ActorId is { } actor) found = found.Where(e => e.ActorId == actor);
        return Word<NumberTrigger>(search.Kind) is { } kind ? found.Where(e => e.Kind == kind) : found;
    }

    private static IQueryable<ActionLog> Outreach(DispatchDb db, AuditSearch search)
    {
        var found = db.ActionLogs.AsQueryable();
        if (search.SubjectId is { } id) found = found.Where(e => e.ProspectId == id);
        // Nobody is named in this trail: who planned an action stands on the action.
        if (search.ActorId is not null) found = found.Where(e => e.Id < 0);
        return Word<ActionStatus>(search.Kind) is { } kind ? found.Where(e => e.Status == kind) : found;
    }

    private static T? Word<T>(string word)
        where T : struct, Enum => Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(word[0]) ? value : null;

    private static async Task<AuditPage> PageAsync<T>(
        DispatchDb db, AuditSearch search, IQueryable<T> found, System.Linq.Expressions.Expression<Func<T, long>> id, System.Linq.Expressions.Expression<Func<T, DateTime>> at,
        Func<IQueryable<T>, IQueryable<AuditRow>> rows, CancellationToken cancel)
        where T : class
    {
        var ids = new TrailIds<T>(db, id, at);
        var take = Math.Clamp(search.Take, 1, MaxPageSize);
        var highest = search.To is { } to ? await ids.FirstAtAsync(to + Slack, cancel) : null;
        var lowest = search.From is { } from ? await ids.FirstAtAsync(from - Slack, cancel) ?? long.MaxValue : 0;
        var until = Math.Min(Math.Min(highest ?? long.MaxValue, search.Before ?? long.MaxValue), await ids.HighestAsync(cancel) + 1);
        // One subject is found by its own index, whatever else happened meanwhile.
        var floor = search.SubjectId is not null ? lowest : Math.Max(lowest, until - Window);
        var matching = ids.Between(found, floor, until);
        if (search.From is { } earliest) matching = ids.From(matching, earliest);
        if (search.To is { } latest) matching = ids.Until(matching, latest);
        var items = await rows(matching.OrderByDescending(id).Take(take + 1)).ToListAsync(cancel);
        if (items.Count > take) return new AuditPage(items[..take], items[take - 1].Id);
        var more = floor > lowest && floor > 1;
        return new AuditPage(items, more ? floor : null, Searched: more);
    }
}
