using System.Globalization;
using System.Text;

namespace Dispatch.Core.Matching;

/// <summary>Bookings as CSV. Times are UTC.</summary>
public sealed class BookingExport(BookingQueries queries)
{
    /// <summary>More than this is left to the API, which pages.</summary>
    public const int MaxLines = 50_000;
    private const int PageSize = 1000;

    /// <summary>Everything the search finds, whatever page it asks for.</summary>
    public async Task<string> CsvAsync(BookingSearch search, CancellationToken cancel = default)
    {
        var csv = new StringBuilder();
        Csv.AppendRow(csv, "id", "status", "customerName", "customerPhone", "pickupAddress", "dropAddress", "zone", "pickupTime", "price", "driverId", "driverName", "createdAt", "statusAt", "reason");
        for (var skip = 0; skip < MaxLines; skip += PageSize)
        {
            var page = await queries.ListAsync(search with { Skip = skip, Take = PageSize }, cancel);
            foreach (var b in page.Items)
            {
                Csv.AppendRow(csv, b.Id.ToString(CultureInfo.InvariantCulture), b.Status.ToString(), b.CustomerName, PhoneNumbers.Show(b.CustomerPhone), b.PickupAddress, b.DropAddress,
                    b.Zone, Time(b.PickupTime), b.Price?.ToString(CultureInfo.InvariantCulture), b.DriverId?.ToString(CultureInfo.InvariantCulture), b.DriverName, Time(b.CreatedAt),
                    Time(b.StatusAt), b.Reason);
            }
            if (page.Items.Count < PageSize) break;
        }
        return csv.ToString();
    }

    private static string Time(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
