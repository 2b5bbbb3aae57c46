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
        var owned = found.Join(db.Clients, n => n.ClientId, c => c.Id, (n, c) => new Owned { Number = n, Client = c });
        var sorted = (search.Sort, search.Descending) switch
        {
            (NumberSort.Id, false) => owned.OrderBy(o => o.Number.Id),
            (NumberSort.Id, true) => owned.OrderByDescending(o => o.Number.Id),
            (NumberSort.Client, false) => owned.OrderBy(o => o.Client.Name).ThenBy(o => o.Number.Id),
            (NumberSort.Client, true) => owned.OrderByDescending(o => o.Client.Name).ThenByDescending(o => o.Number.Id),
            (NumberSort.StateSince, false) => owned.OrderBy(o => o.Number.StateSince).ThenBy(o => o.Number.Id),
            (NumberSort.StateSince, true) => owned.OrderByDescending(o => o.Number.StateSince).ThenByDescending(o => o.Number.Id),
            (NumberSort.LastEventAt, false) => owned.OrderBy(o => o.Number.LastEventAt).ThenBy(o => o.Number.Id),
            (NumberSort.LastEventAt, true) => owned.OrderByDescending(o => o.Number.LastEventAt).ThenByDescending(o => o.Number.Id),
        };
        return new NumberPage(await Rows(sorted.Skip(search.Skip).Take(search.Take)).ToListAsync(cancel), total);
    }

    /// <summary>Null: there is no such number.</summary>
    public async Task<NumberRow?> RowAsync(long id, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await Rows(db.Numbers.Where(n => n.Id == id).Join(db.Clients, n => n.ClientId, c => c.Id, (n, c) => new Owned { Number = n, Client = c })).FirstOrDefaultAsync(cancel);
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
        if (!string.IsNullOrWhiteSpace(search.Text))
        {
            var lower = search.Text.Trim().ToLowerInvariant();
            found = found.Where(c => c.Name.ToLower().Contains(lower));
        }
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
        var lower = text.ToLowerInvariant();
        return digits.Length >= 3
            ? found.Where(n => n.Phone.Contains(digits) || db.Clients.Any(c => c.Id == n.ClientId && c.Name.ToLower().Contains(lower)))
            : found.Where(n => db.Clients.Any(c => c.Id == n.ClientId && c.Name.ToLower().Contains(lower)));
    }

    private static IQueryable<NumberRow> Rows(IQueryable<Owned> owned) => owned.Select(o => new NumberRow(
        o.Number.Id, o.Number.ClientId, o.Client.Name, o.Number.Phone, o.Number.State, o.Number.StateSince, o.Number.Reason, o.Number.Code, o.Number.Generation, o.Number.SessionId,
        o.Number.WorkerId, o.Number.NextWorkerId, o.Number.Health, o.Number.HealthAt, o.Number.QrNumber, o.Number.QrExpiresAt, o.Number.Attempts, o.Number.DueAt, o.Number.PhoneSeenAt,
        o.Number.ChannelId, o.Number.LastEvent, o.Number.LastEventAt, o.Number.CreatedAt, o.Number.Version));

    private static IQueryable<ClientRow> Clients(DispatchDb db, IQueryable<Client> clients) =>
        from c in clients
        join n in db.Numbers on c.Id equals n.ClientId
        where n.Id == db.Numbers.Where(x => x.ClientId == c.Id).Min(x => x.Id)
        orderby c.Id
        select new ClientRow(
            c.Id, c.Name, c.Status, c.Reason, c.CreatedAt, c.DecidedAt, c.DecidedBy, db.Users.Where(u => u.Id == c.DecidedBy).Select(u => u.DisplayName).FirstOrDefault(), n.Id, n.Phone,
            n.State);

    private sealed class Owned
    {
        public required WhatsAppNumber Number { get; init; }
        public required Client Client { get; init; }
    }
}
