using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Tests.Matching;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class MatchingListsOnSqlite(PostgresServer postgres) : MatchingListsCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class MatchingListsOnPostgres(PostgresServer postgres) : MatchingListsCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>What screens read, and CSV.</summary>
public abstract class MatchingListsCompliance(DatabaseProvider provider, PostgresServer postgres) : MatchingTest(provider, postgres)
{
    [Fact]
    public async Task Board_ShowsWhatIsSearchedAndWhoAnswered()
    {
        var drivers = await DriversAsync(4);
        var booking = await SearchedAsync("Plateau");
        await SearchedAsync("Ngor");
        await RejectAsync(booking, drivers[0]);
        await Matching.MarkSeenAsync(booking, drivers[1]);

        var queries = Node.Get<BookingQueries>();
        var open = Assert.Single((await queries.BoardAsync("Plateau", Clock.Now.AddMinutes(-1))).Open);
        Assert.Equal((4, 1, 2, 3), (open.Notified, open.Rejected, open.Seen, open.Silent));
        Assert.Equal(DriverResponseKind.Rejected, open.Newest!.Response);
        Assert.Equal(2, (await queries.BoardAsync(null, Clock.Now)).Open.Count);
        await AcceptAsync(booking, drivers[1]);
        Assert.Equal(booking, Assert.Single((await queries.BoardAsync(null, Clock.Now.AddMinutes(-1))).Matched).Id);
        Assert.Equal(["Ngor", "Plateau"], await queries.ZonesAsync());
        Assert.Equal(new BookingCounts(0, 1, 1, 0), await queries.CountsAsync(Clock.Now.Date));
        var page = await queries.ListAsync(new BookingSearch(Text: "almadies", Status: BookingStatus.Pending));
        Assert.Equal((1, 1), (page.Total, page.Items.Count));
        Assert.Equal(new DriverCounts(3, 1, 0, 0), await Node.Get<DriverQueries>().CountsAsync());
        var row = (await Node.Get<DriverQueries>().ListAsync(new DriverSearch(Status: DriverStatus.Busy))).Items.Single();
        Assert.Equal((drivers[1], (long?)booking), (row.Id, row.ActiveBookingId));
        Assert.Contains((await queries.FindAsync(booking))!.Messages, m => m.Audience == MessageAudience.Customer);
    }

    [Fact]
    public async Task Csv_ExportedAndImportedElsewhere_IsTheSame()
    {
        await DriverAsync("Plateau", 14.7, -17.4);
        await Drivers.CreateAsync(new NewDriver { Name = "=1+1, \"Max\"", Phone = "+33612345678" });
        var csv = await Drivers.ExportCsvAsync();
        await Node.Database.WriteAsync(s => s.ExecuteAsync("DELETE FROM drivers"));

        var import = await Drivers.ImportCsvAsync(csv);

        Assert.Equal((2, 0, 0), (import.Created, import.Updated, import.Errors.Count));
        Assert.Contains(await Node.ReadAsync(db => db.Drivers.ToListAsync()), d => d is { Name: "=1+1, \"Max\"", Phone: "33612345678" });
        var again = await Drivers.ImportCsvAsync("phone;name;rating\r\n+33 6 12 34 56 78;Max;4,5\r\n12;Short;6\r\n+33612345678;Twice;");
        Assert.Equal((0, 1), (again.Created, again.Updated));
        Assert.Equal([(3, "phone"), (3, "rating"), (4, "phone")], again.Errors.Select(e => (e.Line, e.Field)));
    }
}
