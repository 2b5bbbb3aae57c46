using System.Globalization;
using System.Text;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>Import and export.</summary>
public sealed partial class DriverService
{
    public const int MaxImportLines = 20_000;
    private static readonly string[] Columns = ["name", "phone", "vehicleType", "vehiclePlate", "zone", "latitude", "longitude", "rating", "language", "status"];

    /// <summary>Everybody, or who the search finds, with the columns an import takes and his id.</summary>
    public async Task<string> ExportCsvAsync(DriverSearch? search = null, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var csv = new StringBuilder();
        Csv.AppendRow(csv, [.. Columns, "id", "lastSeenAt"]);
        await foreach (var d in DriverQueries.Filter(db.Drivers, search ?? new DriverSearch()).OrderBy(d => d.Name).ThenBy(d => d.Id).AsAsyncEnumerable().WithCancellation(cancel))
        {
            Csv.AppendRow(csv, d.Name, PhoneNumbers.Show(d.Phone), d.VehicleType, d.VehiclePlate, d.Zone, Number(d.Latitude), Number(d.Longitude), Number(d.Rating), d.Language,
                d.Status.ToString(), d.Id.ToString(CultureInfo.InvariantCulture), d.LastSeenAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }
        return csv.ToString();

        static string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>
    /// Makes who is new (by phone number) and changes who is known; the header names the columns in any order, <c>name</c> and <c>phone</c> are needed. Lines with
    /// an error are left out and listed; the rest is taken. The status of a known driver stays.
    /// </summary>
    /// <param name="actorId">The person; null: an integration.</param>
    public async Task<ImportResult> ImportCsvAsync(string text, long? actorId = null, CancellationToken cancel = default)
    {
        var (read, errors) = ReadCsv(text);
        var (created, updated, available) = (0, 0, new List<long>());
        foreach (var chunk in read.Chunk(500))
        {
            var (made, changed, free) = await ImportAsync(chunk, actorId, cancel);
            created += made;
            updated += changed;
            available.AddRange(free);
        }
        foreach (var id in available) await matching.OfferOpenBookingsAsync(id, cancel);
        return new ImportResult(created, updated, errors);
    }

    private async Task<(int Created, int Updated, IReadOnlyList<long> Available)> ImportAsync((int Line, NewDriver Driver)[] lines, long? actorId, CancellationToken cancel)
    {
        var frame = await frames.GetAsync(cancel);
        return await database.WriteAsync(async session =>
        {
            var phones = lines.Select(l => PhoneNumbers.Read(l.Driver.Phone)!).ToList();
            var known = await session.Db.Drivers.Where(d => phones.Contains(d.Phone)).ToDictionaryAsync(d => d.Phone, StringComparer.Ordinal);
            var made = new List<Driver>();
            foreach (var (_, driver) in lines)
            {
                if (known.TryGetValue(PhoneNumbers.Read(driver.Phone)!, out var row))
                {
                    Copy(driver, row);
                    continue;
                }
                row = new Driver
                {
                    Name = "", Phone = "", Language = frame.Settings.Language, Status = driver.Status, StatusSince = frame.Now, CreatedAt = frame.Now,
                    LastSeenAt = driver.Status == DriverStatus.Available ? frame.Now : null,
                };
                Copy(driver, row);
                made.Add(row);
            }
            session.Db.Drivers.AddRange(made);
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                throw new StaleReadException("driver");
            }
            await AuditAsync(session, AuditKind.DriversImported, null, "", actorId, frame.Now, null, string.Create(CultureInfo.InvariantCulture, $"+{made.Count}, {known.Count}"));
            session.Publish(Topics.Drivers, EventNames.DriverChanged, 0);
            return (made.Count, known.Count, (IReadOnlyList<long>)[.. made.Where(d => d.Status == DriverStatus.Available).Select(d => d.Id)]);
        }, cancel);
    }

    /// <summary>What <see cref="ImportCsvAsync"/> would do with this text, line by line; changes nothing.</summary>
    public async Task<ImportPreview> PreviewCsvAsync(string text, CancellationToken cancel = default)
    {
        var (read, errors) = ReadCsv(text);
        var known = new HashSet<string>(StringComparer.Ordinal);
        await using var db = database.Read();
        foreach (var chunk in read.Select(r => PhoneNumbers.Read(r.Driver.Phone)!).Chunk(500))
            known.UnionWith(await db.Drivers.Where(d => chunk.Contains(d.Phone)).Select(d => d.Phone).ToListAsync(cancel));
        return new ImportPreview([.. read.Select(r => new ImportLine(r.Line, r.Driver, known.Contains(PhoneNumbers.Read(r.Driver.Phone)!)))], errors);
    }

    private static (List<(int Line, NewDriver Driver)> Read, List<ImportError> Errors) ReadCsv(string text)
    {
        var read = new List<(int Line, NewDriver Driver)>();
        var rows = Csv.Read(text);
        if (rows.Count == 0) return (read, [new ImportError(1, "file", "The file is empty.", "Empty")]);
        var header = rows[0].Select(h => h.Trim()).ToList();
        int At(string column) => header.FindIndex(h => string.Equals(h, column, StringComparison.OrdinalIgnoreCase));
        var errors = Columns[..2].Where(c => At(c) < 0)
            .Select(c => new ImportError(1, c, $"The column is missing; the first line has to name it. Known: {string.Join(", ", Columns)}.", "NoColumn")).ToList();
        if (rows.Count - 1 > MaxImportLines) errors.Add(new ImportError(1, "file", $"At most {MaxImportLines} drivers at once.", "TooMany"));
        if (errors.Count > 0) return (read, errors);

        var phones = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 1; i < rows.Count; i++)
        {
            var wrong = new List<ImportError>();
            var driver = ReadLine(rows[i], At, i + 1, wrong);
            wrong.AddRange(BookingRules.Check(driver).Select(e => new ImportError(i + 1, e.Field, e.Allowed, e.Code)));
            if (wrong.Count == 0 && !phones.Add(PhoneNumbers.Read(driver.Phone)!)) wrong.Add(new ImportError(i + 1, "phone", "This number is in the file twice.", "Twice"));
            if (wrong.Count == 0) read.Add((i + 1, driver));
            errors.AddRange(wrong);
        }
        return (read, errors);
    }

    private static NewDriver ReadLine(IReadOnlyList<string> fields, Func<string, int> at, int line, List<ImportError> errors)
    {
        string? Text(string column) => at(column) is >= 0 and var i && i < fields.Count && !string.IsNullOrWhiteSpace(fields[i]) ? fields[i].Trim() : null;
        double? Number(string column)
        {
            if (Text(column) is not { } text) return null;
            if (double.TryParse(text.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) return value;
            errors.Add(new ImportError(line, column, "A number is needed.", "NotANumber"));
            return null;
        }
        var status = DriverStatus.Available;
        if (Text("status") is { } word && !(Enum.TryParse(word, ignoreCase: true, out status) && Enum.IsDefined(status) && !char.IsAsciiDigit(word[0])))
            errors.Add(new ImportError(line, "status", $"Allowed: {nameof(DriverStatus.Available)}, {nameof(DriverStatus.Offline)}, {nameof(DriverStatus.Paused)}.", "BadStatus"));
        // An export holds Busy; whoever is imported has no ride here.
        if (status == DriverStatus.Busy) status = DriverStatus.Offline;
        return new NewDriver
        {
            // An export writes names that look like formulas with an apostrophe.
            Name = Text("name")?.TrimStart('\'') ?? "", Phone = Text("phone")?.TrimStart('\'') ?? "", VehicleType = Text("vehicleType"), VehiclePlate = Text("vehiclePlate"), Zone = Text("zone"),
            Latitude = Number("latitude"), Longitude = Number("longitude"), Rating = Number("rating"), Language = Text("language")?.ToLowerInvariant(), Status = status,
        };
    }
}
