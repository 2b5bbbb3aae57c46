using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Retention;

/// <summary>Everything that Dispatch keeps about one contact, under all that he is to it: contact, customer, prospect.</summary>
public sealed record ContactExport(
    long Id, string Name, string Address, DateTime CreatedAt, IReadOnlyList<ExportedConversation> Conversations, IReadOnlyList<ExportedBooking> Bookings,
    IReadOnlyList<ExportedText> ServiceMessages, IReadOnlyList<ExportedProspect> Prospects);

public sealed record ExportedConversation(long Id, string Profile, ConversationStatus Status, DateTime OpenedAt, DateTime? ClosedAt, IReadOnlyList<ExportedText> Messages, IReadOnlyList<ExportedText> Notes);

/// <param name="From">contact, or us.</param>
public sealed record ExportedText(DateTime At, string From, string Type, string Text);

public sealed record ExportedBooking(long Id, string CustomerName, string PickupAddress, string DropAddress, DateTime PickupTime, BookingStatus Status);

public sealed record ExportedProspect(long Id, string Name, string? Company, ProspectStage Stage, IReadOnlyList<ExportedText> Texts);

public enum ErasureResult
{
    Done,
    NotFound,
    /// <summary>It has to be closed first: somebody may be answering.</summary>
    OpenConversation,
    /// <summary>A ride of his is under way or searched for.</summary>
    OpenBooking,
    /// <summary>Something is on its way to him this moment.</summary>
    MessageLeaving,
}

/// <param name="Hash">SHA-256 (hex) of the export made in the same transaction: what was erased, without it.</param>
public sealed record ErasureOutcome(ErasureResult Result, string? Hash = null);

/// <summary>A contact to choose from.</summary>
public sealed record ContactHit(long Id, string Name, string Address, int Conversations);

/// <summary>People may see what is kept about them and have it erased. Both leave a row in the trail that proves it and holds nothing of it.</summary>
public sealed class ContactData(Database database, TimeProvider clock)
{
    /// <summary>In place of an address: unique, and no number.</summary>
    private const string Erased = "erased-";
    private const int MostHits = 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>
    /// By number or, from three letters on, the beginning of the name. Who is known by number only as a customer or prospect becomes a contact by being looked for: rights are exercised under a
    /// contact's id, and he has them as well.
    /// </summary>
    public async Task<IReadOnlyList<ContactHit>> FindAsync(string text, CancellationToken cancel = default)
    {
        var (digits, name) = (new string([.. text.Where(char.IsAsciiDigit)]), text.Trim().ToLowerInvariant());
        if (digits.Length < 4 && name.Length < 3) return [];
        var byNumber = digits.Length >= 4 && !name.Any(char.IsLetter);
        await using var db = database.Read();
        if (byNumber && await StrangersAsync(db, digits, cancel) is { Count: > 0 } strangers) await AddAsync(strangers, cancel);
        var found = byNumber ? db.Contacts.Where(c => c.Address.StartsWith(digits)) : db.Contacts.Where(c => c.Name.ToLower().StartsWith(name));
        return await found.OrderBy(c => c.Id).Take(MostHits).Select(c => new ContactHit(c.Id, c.Name, c.Address, db.Conversations.Count(v => v.ContactId == c.Id))).ToListAsync(cancel);
    }

    /// <summary>Numbers of customers and prospects who never wrote, with a name.</summary>
    private static async Task<Dictionary<string, string>> StrangersAsync(DispatchDb db, string digits, CancellationToken cancel)
    {
        var customers = db.Bookings.Where(b => b.CustomerPhone.StartsWith(digits) && !db.Contacts.Any(c => c.Address == b.CustomerPhone)).Select(b => new { Address = b.CustomerPhone, Name = b.CustomerName });
        var prospects = db.Prospects.Where(p => p.Address.StartsWith(digits) && !db.Contacts.Any(c => c.Address == p.Address)).Select(p => new { p.Address, p.Name });
        var found = await customers.Distinct().OrderBy(s => s.Address).Take(MostHits).ToListAsync(cancel);
        found.AddRange(await prospects.Distinct().OrderBy(s => s.Address).Take(MostHits).ToListAsync(cancel));
        return found.GroupBy(s => s.Address, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Name, StringComparer.Ordinal);
    }

    private async Task AddAsync(Dictionary<string, string> people, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        try
        {
            await database.WriteAsync(session => InboundStore.AddContactsAsync(session, [.. people.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value))], now), cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // One of them writes for the first time at this moment: he is a contact by that, and the others by the next search.
        }
    }

    /// <summary>JSON of <see cref="ContactExport"/>; null: there is no such contact. Leaves a row in the trail.</summary>
    public async Task<byte[]?> ExportAsync(long contactId, long? actorId, CancellationToken cancel = default)
    {
        byte[] bytes;
        await using (var db = database.Read())
        {
            if (await db.Contacts.FirstOrDefaultAsync(c => c.Id == contactId, cancel) is not { } contact) return null;
            bytes = JsonSerializer.SerializeToUtf8Bytes(await GatherAsync(db, contact, cancel), Json);
        }
        await database.WriteAsync(session => AuditAsync(session, AuditKind.ContactExported, contactId, actorId, Hash(bytes)), cancel);
        return bytes;
    }

    /// <summary>Takes his name, number, words and places out of everything; what remains says only that somebody was there.</summary>
    public Task<ErasureOutcome> EraseAsync(long contactId, long? actorId, CancellationToken cancel = default) => database.WriteAsync(async session =>
    {
        var outcome = new ErasureOutcome(ErasureResult.NotFound);
        await session.TryAsync(async () => (outcome = await EraseAsync(session, contactId, actorId)).Result == ErasureResult.Done);
        return outcome;
    }, cancel);

    /// <summary>Anything but Done is undone by the caller.</summary>
    private async Task<ErasureOutcome> EraseAsync(WriteSession session, long contactId, long? actorId)
    {
        var db = session.Db;
        if (await db.Contacts.AsNoTracking().FirstOrDefaultAsync(c => c.Id == contactId) is not { } contact) return new ErasureOutcome(ErasureResult.NotFound);
        var (address, nobody) = (contact.Address, $"{Erased}{contactId}");
        // First of all: it waits for whoever opens a conversation with him at this moment, and what that one wrote is seen by the questions below.
        if (await db.Contacts.Where(c => c.Id == contactId && c.Address == address && c.Address != nobody)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.Name, "").SetProperty(c => c.Address, nobody)) == 0)
            return new ErasureOutcome(ErasureResult.NotFound);
        var conversations = await db.Conversations.Where(c => c.ContactId == contactId).Select(c => new { c.Id, c.Status }).ToListAsync();
        if (conversations.Exists(c => c.Status != ConversationStatus.Closed)) return new ErasureOutcome(ErasureResult.OpenConversation);
        if (await db.Bookings.AnyAsync(b => b.CustomerPhone == address && (b.Status == BookingStatus.Scheduled || b.Status == BookingStatus.Pending || b.Status == BookingStatus.Accepted)))
            return new ErasureOutcome(ErasureResult.OpenBooking);
        var (threads, prospects) = (conversations.ConvertAll(c => c.Id), await db.Prospects.Where(p => p.Address == address).Select(p => p.Id).ToListAsync());
        if (await db.Messages.AnyAsync(m => threads.Contains(m.ConversationId) && (m.Status == MessageStatus.Queued || m.Status == MessageStatus.Sending))
            || await db.OutreachActions.AnyAsync(a => prospects.Contains(a.ProspectId) && (a.Status == ActionStatus.Claimed || a.Status == ActionStatus.Sending)))
            return new ErasureOutcome(ErasureResult.MessageLeaving);
        // The same of what was said about his rides: a text that is still to leave must not leave empty.
        if (await db.ServiceMessages.AnyAsync(m => m.BookingId != null && m.ChannelId != null && (m.Status == MessageStatus.Queued || m.Status == MessageStatus.Sending)
                && db.Bookings.Any(b => b.Id == m.BookingId && b.CustomerPhone == address)))
            return new ErasureOutcome(ErasureResult.MessageLeaving);

        var hash = Hash(JsonSerializer.SerializeToUtf8Bytes(await GatherAsync(db, contact, CancellationToken.None), Json));
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var prospect in prospects) await ProspectStore.StopAsync(session, prospect, StopReason.ByPerson, now);
        await BlankAsync(db, contactId, address, threads, prospects);
        await AuditAsync(session, AuditKind.ContactErased, contactId, actorId, hash);
        session.Publish(Topics.Contact(contactId), EventNames.Changed, contactId);
        session.Publish(Topics.Board, EventNames.Changed, contactId);
        return new ErasureOutcome(ErasureResult.Done, hash);
    }

    private static async Task BlankAsync(DispatchDb db, long contactId, string address, List<long> conversations, List<long> prospects)
    {
        await db.Messages.Where(m => conversations.Contains(m.ConversationId)).ExecuteUpdateAsync(set => set.SetProperty(m => m.Text, "").SetProperty(m => m.Error, (string?)null));
        await db.ConversationEvents.Where(e => conversations.Contains(e.ConversationId) && e.Note != null).ExecuteUpdateAsync(set => set.SetProperty(e => e.Note, (string?)null));
        await db.Conversations.Where(c => c.ContactId == contactId).ExecuteUpdateAsync(set => set.SetProperty(c => c.LastMessagePreview, ""));
        var bookings = await db.Bookings.Where(b => b.CustomerPhone == address).Select(b => b.Id).ToListAsync();
        await db.BookingEvents.Where(e => bookings.Contains(e.BookingId)).ExecuteUpdateAsync(set => set.SetProperty(e => e.Note, (string?)null));
        await db.Bookings.Where(b => bookings.Contains(b.Id)).ExecuteUpdateAsync(set => set
            .SetProperty(b => b.CustomerName, "").SetProperty(b => b.CustomerPhone, "").SetProperty(b => b.PickupAddress, "").SetProperty(b => b.DropAddress, "")
            .SetProperty(b => b.PickupLatitude, (double?)null).SetProperty(b => b.PickupLongitude, (double?)null).SetProperty(b => b.DropLatitude, (double?)null)
            .SetProperty(b => b.DropLongitude, (double?)null).SetProperty(b => b.Reason, (string?)null).SetProperty(b => b.Question, (BookingQuestion?)null));
        // What drivers were told of his rides, and what he was told.
        await db.ServiceMessages.Where(m => m.BookingId != null && bookings.Contains(m.BookingId.Value)).ExecuteUpdateAsync(set => set.SetProperty(m => m.Text, ""));
        await db.ServiceMessages.Where(m => m.BookingId != null && bookings.Contains(m.BookingId.Value) && m.Address == address).ExecuteUpdateAsync(set => set.SetProperty(m => m.Address, ""));
        await db.OutreachActions.Where(a => prospects.Contains(a.ProspectId)).ExecuteUpdateAsync(set => set.SetProperty(a => a.Content, (string?)null));
        foreach (var prospect in prospects)
        {
            var unknown = $"{Erased}{prospect}";
            await db.Prospects.Where(p => p.Id == prospect).ExecuteUpdateAsync(set => set
                .SetProperty(p => p.Name, "").SetProperty(p => p.Address, unknown).SetProperty(p => p.Company, (string?)null).SetProperty(p => p.Draft, (string?)null));
        }
        await db.GatewayContacts.Where(g => g.Address == address).ExecuteDeleteAsync();
        await db.LidPhones.Where(l => l.Phone == address).ExecuteDeleteAsync();
    }

    private static async Task<ContactExport> GatherAsync(DispatchDb db, Contact contact, CancellationToken cancel)
    {
        var conversations = await db.Conversations.AsNoTracking().Where(c => c.ContactId == contact.Id).OrderBy(c => c.Id)
            .Select(c => new { c.Id, Profile = db.Profiles.Where(p => p.Id == c.ProfileId).Select(p => p.Name).First(), c.Status, c.OpenedAt, c.ClosedAt }).ToListAsync(cancel);
        var threads = new List<ExportedConversation>();
        foreach (var c in conversations)
        {
            var messages = await db.Messages.AsNoTracking().Where(m => m.ConversationId == c.Id).OrderBy(m => m.Id).ToListAsync(cancel);
            var notes = await db.ConversationEvents.AsNoTracking().Where(e => e.ConversationId == c.Id && e.Note != null).OrderBy(e => e.Id).ToListAsync(cancel);
            threads.Add(new ExportedConversation(
                c.Id, c.Profile, c.Status, c.OpenedAt, c.ClosedAt, messages.ConvertAll(m => new ExportedText(m.At, m.Direction == MessageDirection.In ? "contact" : "us", m.Type, m.Text)),
                notes.ConvertAll(e => new ExportedText(e.At, "us", "note", e.Note!))));
        }
        var bookings = await db.Bookings.AsNoTracking().Where(b => b.CustomerPhone == contact.Address).OrderBy(b => b.Id).ToListAsync(cancel);
        var ids = bookings.ConvertAll(b => b.Id);
        var told = await db.ServiceMessages.AsNoTracking().Where(m => m.BookingId != null && ids.Contains(m.BookingId.Value) && m.Address == contact.Address).OrderBy(m => m.Id).ToListAsync(cancel);
        var prospects = new List<ExportedProspect>();
        foreach (var p in await db.Prospects.AsNoTracking().Where(p => p.Address == contact.Address).OrderBy(p => p.Id).ToListAsync(cancel))
        {
            var texts = await db.OutreachActions.AsNoTracking().Where(a => a.ProspectId == p.Id && a.Content != null).OrderBy(a => a.Id).ToListAsync(cancel);
            prospects.Add(new ExportedProspect(p.Id, p.Name, p.Company, p.Stage, texts.ConvertAll(a => new ExportedText(a.StartedAt ?? a.DueAt, "us", a.Kind, a.Content!))));
        }
        return new ContactExport(
            contact.Id, contact.Name, contact.Address, contact.CreatedAt, threads,
            bookings.ConvertAll(b => new ExportedBooking(b.Id, b.CustomerName, b.PickupAddress, b.DropAddress, b.PickupTime, b.Status)),
            told.ConvertAll(m => new ExportedText(m.CreatedAt, m.Direction == MessageDirection.In ? "contact" : "us", m.Kind, m.Text)), prospects);
    }

    private Task AuditAsync(WriteSession session, AuditKind kind, long contactId, long? actorId, string hash) => AuditLog.AddAsync(session, new AuditEntry
        { At = clock.GetUtcNow().UtcDateTime, ActorId = actorId, Kind = kind, Subject = AuditSubject.Contact, SubjectId = contactId, Hash = hash });

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
