using System.Globalization;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

/// <summary>What screens and the API read of clients and numbers. No code is in anything of it: that is <see cref="NumberCodes"/>' alone.</summary>
public sealed class NumberQueries(Database database)
{
    public const int MaxEvents = 200;

    public async Task<NumberPage> ListAsync(NumberSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = Filter(db, search);
        var total = await found.CountAsync(cancel);
        var rows = Rows(db, found);
        var sorted = (search.Sort, search.Descending) switch
        {
            (NumberSort.Id, false) => rows.OrderBy(n => n.Id),
            (NumberSort.Id, true) => rows.OrderByDescending(n => n.Id),
            (NumberSort.Client, false) => rows.OrderBy(n => n.ClientName).ThenBy(n => n.Id),
            (NumberSort.Client, true) => rows.OrderByDescending(n => n.ClientName).ThenByDescending(n => n.Id),
            (NumberSort.StateSince, false) => rows.OrderBy(n => n.StateSince).ThenBy(n => n.Id),
            (NumberSort.StateSince, true) => rows.OrderByDescending(n => n.StateSince).ThenByDescending(n => n.Id),
            (NumberSort.LastEventAt, false) => rows.OrderBy(n => n.LastEventAt).ThenBy(n => n.Id),
            (NumberSort.LastEventAt, true) => rows.OrderByDescending(n => n.LastEventAt).ThenByDescending(n => n.Id),
        };
        return new NumberPage(await sorted.Skip(search.Skip).Take(search.Take).ToListAsync(cancel), total);
    }

    /// <summary>Null: there is no such number.</summary>
    public async Task<NumberRow?> RowAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db, db.Numbers.Where(n => n.Id == id)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>A number with its client and its newest events; null: there is none.</summary>
    public async Task<NumberDetails?> FindAsync(long id, int events = 50, CancellationToken cancel = default)
    {
        if (await RowAsync(id, cancel) is not { } row) return null;
        await using var db = database.Read();
        var client = await Clients(db, db.Clients.Where(c => c.Id == row.ClientId)).FirstAsync(cancel);
        var channel = row.ChannelId is null ? null : await (from c in db.Channels
                                                           join p in db.Profiles on c.Id equals p.ChannelId into profiles
                                                           from p in profiles.DefaultIfEmpty()
                                                           where c.Id == row.ChannelId
                                                           select new { c.Key, ProfileId = p == null ? (long?)null : p.Id }).FirstOrDefaultAsync(cancel);
        var pairing = await db.Workers.AnyAsync(w => w.Id == row.WorkerId && w.PairingCodes, cancel);
        return new NumberDetails(row, client, await EventsAsync(id, null, events, cancel), channel?.Key, channel?.ProfileId, pairing);
    }

    /// <summary>The time line, the newest on top.</summary>
    /// <param name="before">Only what is older than this event; null: from the newest.</param>
    public async Task<IReadOnlyList<NumberEventRow>> EventsAsync(long numberId, long? before = null, int take = 50, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var events = db.NumberEvents.Where(e => e.NumberId == numberId);
        if (before is { } id) events = events.Where(e => e.Id < id);
        return await events.OrderByDescending(e => e.Id).Take(Math.Clamp(take, 1, MaxEvents)).Select(e => new NumberEventRow(
            e.Id, e.At, e.Kind, e.Verdict, e.Source, e.ActorId, db.Users.Where(u => u.Id == e.ActorId).Select(u => u.DisplayName).FirstOrDefault(), e.WorkerId, e.Generation, e.FromState,
            e.ToState, e.Reason, e.Code, e.QrNumber, e.Count, e.LastAt)).ToListAsync(cancel);
    }

    /// <summary>Clients, whoever has waited longest first.</summary>
    public async Task<ClientPage> ClientsAsync(ClientSearch search, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var found = db.Clients.AsQueryable();
        if (search.Status is { } status) found = found.Where(c => c.Status == status);
        if (!string.IsNullOrWhiteSpace(search.Text)) found = found.Where(c => EF.Functions.Like(c.Name.ToLower(), Pattern(search.Text), "\\"));
        return new ClientPage(await Clients(db, found.OrderBy(c => c.Id).Skip(search.Skip).Take(search.Take)).ToListAsync(cancel), await found.CountAsync(cancel));
    }

    public async Task<IReadOnlyList<NumberCount>> CountsAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.Numbers.GroupBy(n => n.State).Select(g => new NumberCount(g.Key, g.Count())).ToListAsync(cancel);
    }

    private static IQueryable<WhatsAppNumber> Filter(DispatchDb db, NumberSearch search)
    {
        var found = db.Numbers.AsQueryable();
        if (search.State is { } state) found = found.Where(n => n.State == state);
        if (search.Live is { } live)
        {
            var states = Enum.GetValues<NumberState>().Where(s => NumberRules.IsLive(s) == live).ToList();
            found = found.Where(n => states.Contains(n.State));
        }
        if (search.WorkerId is { } worker) found = found.Where(n => n.WorkerId == worker || n.NextWorkerId == worker);
        if (search.ClientId is { } client) found = found.Where(n => n.ClientId == client);
        if (string.IsNullOrWhiteSpace(search.Text)) return found;
        var text = search.Text.Trim();
        if (text.StartsWith('#') && long.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return found.Where(n => n.Id == id);
        var digits = new string([.. text.Where(char.IsAsciiDigit)]);
        var pattern = Pattern(text);
        return digits.Length >= 3
            ? found.Where(n => n.Phone.Contains(digits) || db.Clients.Any(c => c.Id == n.ClientId && EF.Functions.Like(c.Name.ToLower(), pattern, "\\")))
            : found.Where(n => db.Clients.Any(c => c.Id == n.ClientId && EF.Functions.Like(c.Name.ToLower(), pattern, "\\")));
    }

    private static string Pattern(string text) =>
        "%" + text.Trim().ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";

    private static IQueryable<NumberRow> Rows(DispatchDb db, IQueryable<WhatsAppNumber> numbers) =>
        from n in numbers
        join c in db.Clients on n.ClientId equals c.Id
        select new NumberRow(
            n.Id, n.ClientId, c.Name, n.Phone, n.State, n.StateSince, n.Reason, n.Code, n.Generation, n.SessionId, n.WorkerId, n.NextWorkerId, n.Health, n.HealthAt, n.QrNumber,
            n.QrExpiresAt, n.Attempts, n.DueAt, n.PhoneSeenAt, n.ChannelId, n.LastEvent, n.LastEventAt, n.CreatedAt, n.Version);

    private static IQueryable<ClientRow> Clients(DispatchDb db, IQueryable<Client> clients) =>
        from c in clients
        from n in db.Numbers.Where(n => n.ClientId == c.Id).OrderBy(n => n.Id).Take(1)
        select new ClientRow(
            c.Id, c.Name, c.Status, c.Reason, c.CreatedAt, c.DecidedAt, c.DecidedBy, db.Users.Where(u => u.Id == c.DecidedBy).Select(u => u.DisplayName).FirstOrDefault(), n.Id, n.Phone,
            n.State);
}
