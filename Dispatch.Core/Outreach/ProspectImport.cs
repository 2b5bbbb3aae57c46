using System.Globalization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <param name="Line">1 is the header.</param>
/// <param name="Address">Digits.</param>
/// <param name="Known">The account has a prospect with this number: he stays as he is and is not contacted again.</param>
public sealed record ProspectLine(int Line, NewProspect Prospect, string Address, bool Known);

/// <summary>What an import would do: new lines would be made, known ones stay, those with an error are left out.</summary>
public sealed record ProspectPreview(IReadOnlyList<ProspectLine> Lines, IReadOnlyList<ImportError> Errors);

public sealed record ProspectImportResult(int Created, int Known, IReadOnlyList<ImportError> Errors);

/// <summary>How the prospects of a file begin.</summary>
/// <param name="Language">Of lines that name none: fr or en.</param>
/// <param name="Contact">The first contact leaves as soon as the account may.</param>
/// <param name="Automatic">They are answered without a moderator where the policy allows it.</param>
public sealed record ProspectImportPlan(long AccountId, string Language, bool Contact, bool Automatic);

/// <summary>Prospects from a file. The same file again changes nothing: the account and the number say who is known.</summary>
public sealed class ProspectImport(Database database, TimeProvider clock)
{
    public const int MaxLines = 20_000;
    private const int PerTransaction = 500;
    private static readonly string[] Columns = ["name", "phone", "company", "language", "timeZone"];

    /// <summary>What <see cref="ImportAsync"/> would do with this text, line by line; changes nothing.</summary>
    public async Task<ProspectPreview> PreviewAsync(string text, ProspectImportPlan plan, CancellationToken cancel = default)
    {
        var (read, errors) = Read(text, plan);
        var known = new HashSet<string>(StringComparer.Ordinal);
        await using var db = database.Read();
        foreach (var chunk in read.Select(r => r.Address).Chunk(PerTransaction)) known.UnionWith(await KnownAsync(db, plan.AccountId, chunk, cancel));
        return new ProspectPreview(read.ConvertAll(r => r with { Known = known.Contains(r.Address) }), errors);
    }

    /// <summary>Makes who is new. Lines with an error are left out and listed; the rest is taken.</summary>
    /// <param name="actorId">The person; null: an integration.</param>
    public async Task<ProspectImportResult> ImportAsync(string text, ProspectImportPlan plan, long? actorId = null, CancellationToken cancel = default)
    {
        var (read, errors) = Read(text, plan);
        var created = 0;
        foreach (var chunk in read.Chunk(PerTransaction)) created += await AddAsync(chunk, plan, actorId, cancel);
        return new ProspectImportResult(created, read.Count - created, errors);
    }

    private Task<int> AddAsync(ProspectLine[] lines, ProspectImportPlan plan, long? actorId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            var known = await KnownAsync(session.Db, plan.AccountId, [.. lines.Select(l => l.Address)], cancel);
            var made = lines.Where(l => !known.Contains(l.Address)).Select(l => new Prospect
            {
                AccountId = plan.AccountId, Name = OutsideText.Mend(l.Prospect.Name), Address = l.Address, Language = l.Prospect.Language ?? plan.Language, TimeZone = l.Prospect.TimeZone,
                Company = l.Prospect.Company is { } company ? OutsideText.Mend(company) : null, Automatic = plan.Automatic, ContactDueAt = plan.Contact ? now : null, CreatedAt = now,
            }).ToList();
            if (made.Count == 0) return 0;
            session.Db.Prospects.AddRange(made);
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                // Somebody else made one of them this very moment: read again who is known.
                throw new StaleReadException("prospect");
            }
            await AuditLog.AddAsync(session, new AuditEntry
            {
                At = now, ActorId = actorId, Kind = AuditKind.ProspectsImported, Subject = AuditSubject.Account, SubjectId = plan.AccountId,
                Name = await session.Db.Accounts.Where(a => a.Id == plan.AccountId).Select(a => a.Name).FirstOrDefaultAsync() ?? "", After = string.Create(CultureInfo.InvariantCulture, $"+{made.Count}"),
            });
            session.Publish(Topics.Outreach, EventNames.ProspectChanged, 0);
            return made.Count;
        }, cancel);
    }

    /// <summary>By the unique index (account, address).</summary>
    private static async Task<HashSet<string>> KnownAsync(DispatchDb db, long account, IReadOnlyCollection<string> addresses, CancellationToken cancel) =>
        [.. await db.Prospects.Where(p => p.AccountId == account && addresses.Contains(p.Address)).Select(p => p.Address).ToListAsync(cancel)];

    private static (List<ProspectLine> Read, List<ImportError> Errors) Read(string text, ProspectImportPlan plan)
    {
        var read = new List<ProspectLine>();
        var rows = Csv.Read(text);
        if (rows.Count == 0) return (read, [new ImportError(1, "file", "The file is empty.", "Empty")]);
        var header = rows[0].Select(h => h.Trim()).ToList();
        int At(string column) => header.FindIndex(h => string.Equals(h, column, StringComparison.OrdinalIgnoreCase));
        var errors = Columns[..2].Where(c => At(c) < 0)
            .Select(c => new ImportError(1, c, $"The column is missing; the first line has to name it. Known: {string.Join(", ", Columns)}.", "NoColumn")).ToList();
        if (rows.Count - 1 > MaxLines) errors.Add(new ImportError(1, "file", $"At most {MaxLines} prospects at once.", "TooMany"));
        if (errors.Count > 0) return (read, errors);

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 1; i < rows.Count; i++)
        {
            var prospect = ReadLine(rows[i], At, plan);
            var wrong = ProspectService.Check(prospect).Select(e => new ImportError(i + 1, e.Field, e.Allowed, e.Code)).ToList();
            var address = PhoneNumbers.Read(prospect.Phone);
            if (wrong.Count == 0 && !seen.Add(address!)) wrong.Add(new ImportError(i + 1, "phone", "This number is in the file twice.", "Twice"));
            if (wrong.Count == 0) read.Add(new ProspectLine(i + 1, prospect, address!, false));
            errors.AddRange(wrong);
        }
        return (read, errors);
    }

    private static NewProspect ReadLine(IReadOnlyList<string> fields, Func<string, int> at, ProspectImportPlan plan)
    {
        // An export writes what looks like a formula with an apostrophe.
        string? Text(string column) => at(column) is >= 0 and var i && i < fields.Count && !string.IsNullOrWhiteSpace(fields[i]) ? fields[i].Trim().TrimStart('\'') : null;
        return new NewProspect
        {
            Name = Text("name") ?? "", Phone = Text("phone") ?? "", Company = Text("company"), Language = Text("language")?.ToLowerInvariant(), TimeZone = Text("timeZone"), AccountId = plan.AccountId,
            Contact = plan.Contact, Automatic = plan.Automatic,
        };
    }
}
