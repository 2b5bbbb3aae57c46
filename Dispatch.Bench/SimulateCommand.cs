using System.Globalization;
using System.Text.RegularExpressions;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Bench;

/// <summary>
/// Real trips through the production <see cref="MatchingService"/> on a virtual clock. Drivers accept with the published probability (3.6 to 13.6 % per offer,
/// each driver his own) after a log-normal time (median 17 s); of the others three in ten refuse, the rest stay silent. The same seed gives the same figures.
/// </summary>
internal static partial class SimulateCommand
{
    private const double LeastChance = 0.036, MostChance = 0.136, Refusal = 0.3, MedianReaction = 17, Sigma = 0.35;

    public static async Task<int> RunAsync(string file, Arguments arguments)
    {
        await RunAsync(await File.ReadAllTextAsync(file), arguments, Console.Out);
        return 0;
    }

    /// <summary>All nine configurations, or those of one window; the text is the same for the same seed, whatever machine and how often.</summary>
    internal static async Task RunAsync(string csv, Arguments arguments, TextWriter output)
    {
        var drivers = arguments.Number("drivers", 100);
        var seed = arguments.Number("seed", 1);
        var (trips, all) = ReadTrips(csv, arguments.Number("trips", 200), seed);
        await output.WriteLineAsync($"simulate-matching: {trips.Count} of {all} trips with coordinates as one day, {drivers} drivers, seed {seed}");
        await output.WriteLineAsync("  policy       window  matched  first search  mean s  median s  offers/driver  offers/match  gini offers  gini wins");
        foreach (var policy in Enum.GetValues<WavePolicy>())
        {
            foreach (var window in arguments.Text("window") is { } one ? [int.Parse(one, CultureInfo.InvariantCulture)] : new[] { 15, 30, 45 })
            {
                await output.WriteLineAsync(await RunAsync(trips, drivers, seed, policy, window));
                await output.FlushAsync();
            }
        }
    }

    private static async Task<string> RunAsync(IReadOnlyList<Trip> trips, int driverCount, int seed, WavePolicy policy, int window)
    {
        await using var database = BenchDatabase.InMemory();
        var clock = new VirtualClock(trips[0].At.AddMinutes(-1));
        await using var host = await MatchingHost.StartAsync(database, clock);
        host.Settings.DriverTimeout = TimeSpan.FromSeconds(window);
        host.Settings.WaveInterval = TimeSpan.FromSeconds(window);
        var random = new Random(seed);
        var chances = Enumerable.Range(0, driverCount).Select(_ => LeastChance + (random.NextDouble() * (MostChance - LeastChance))).ToArray();
        var ids = await host.AddDriversAsync(driverCount, (driver, i) =>
        {
            var start = trips[random.Next(trips.Count)];
            (driver.Latitude, driver.Longitude, driver.LastSeenAt) = (start.Latitude, start.Longitude, clock.Now.AddSeconds(-i));
        });
        var index = ids.Select((id, i) => (id, i)).ToDictionary(x => x.id, x => x.i);
        var events = new PriorityQueue<Step, (DateTime, long)>();
        var gate = new Lock();
        for (var i = 0; i < trips.Count; i++) events.Enqueue(new Step(StepKind.Booking, i, 0), (trips[i].At, i));
        var offers = 0;
        host.Gateway.OnSend = message =>
        {
            if (!message.Address.StartsWith("22177", StringComparison.Ordinal) || OfferNumber().Match(message.Text) is not { Success: true } number) return;
            var driver = int.Parse(message.Address.AsSpan(5), CultureInfo.InvariantCulture);
            var booking = long.Parse(number.Groups["id"].Value, CultureInfo.InvariantCulture);
            // Drawn from who and what, not from whose turn it is: messages leave in parallel.
            var draw = new Random(HashCode(seed, driver, booking, clock.Now.Ticks));
            var (accepts, refuses) = (draw.NextDouble() < chances[driver], draw.NextDouble() < Refusal);
            var after = MedianReaction * Math.Exp(Sigma * Math.Sqrt(-2 * Math.Log(1 - draw.NextDouble())) * Math.Cos(2 * Math.PI * draw.NextDouble()));
            lock (gate)
            {
                offers++;
                if (accepts || refuses) events.Enqueue(new Step(accepts ? StepKind.Accept : StepKind.Refuse, booking, ids[driver]), (clock.Now.AddSeconds(after), (booking * 100_000) + driver));
            }
        };
        var ofBooking = new Dictionary<long, Trip>();
        var (timeouts, sender) = (host.Get<TimeoutManager>(), host.Get<ServiceMessageSender>());
        for (;;)
        {
            var due = await timeouts.NextDueAsync();
            var next = events.TryPeek(out _, out var at) ? at.Item1 : (DateTime?)null;
            if (due is null && next is null) break;
            if (next is null || due < next)
            {
                clock.MoveTo(due!.Value);
                await timeouts.RunOnceAsync(clock.Now);
            }
            else
            {
                clock.MoveTo(next.Value);
                await DoAsync(host, events.Dequeue(), trips, ofBooking, events, policy, clock);
            }
            await sender.RunOnceAsync(clock.Now);
        }
        return await LineAsync(host, trips.Count, offers, index.Count, policy, window);
    }

    private static async Task DoAsync(
        MatchingHost host, Step step, IReadOnlyList<Trip> trips, Dictionary<long, Trip> ofBooking, PriorityQueue<Step, (DateTime, long)> events, WavePolicy policy, VirtualClock clock)
    {
        switch (step.Kind)
        {
            case StepKind.Booking:
                var trip = trips[(int)step.Id];
                var booking = await host.AddBookingAsync(trip.Latitude, trip.Longitude, trip.Zone);
                ofBooking[booking] = trip;
                await host.Matching.StartMatchingAsync(booking, new MatchingOptions(WavePolicy: policy));
                break;
            case StepKind.Accept:
                var result = await host.Matching.HandleDriverResponseAsync(step.Id, step.Driver, new DriverResponse(DriverResponseKind.Accepted, clock.Now, NotificationMethod.WhatsApp));
                // On his way for five minutes, then the ride.
                if (result!.Action == ResponseAction.Assigned)
                    events.Enqueue(new Step(StepKind.Complete, step.Id, step.Driver), (clock.Now.AddSeconds(300 + ofBooking[step.Id].Seconds), (step.Id * 100_000) + 99_999));
                break;
            case StepKind.Refuse:
                await host.Matching.HandleDriverResponseAsync(step.Id, step.Driver, new DriverResponse(DriverResponseKind.Rejected, clock.Now, NotificationMethod.WhatsApp));
                break;
            case StepKind.Complete:
                var end = ofBooking[step.Id];
                await host.Database.WriteAsync(s => s.ExecuteAsync(
                    "UPDATE drivers SET latitude = @a, longitude = @b, last_seen_at = @now WHERE id = @d", ("a", end.DropLatitude), ("b", end.DropLongitude), ("now", clock.Now), ("d", step.Driver)));
                await host.Matching.CompleteAsync(step.Id);
                break;
            default:
                throw new InvalidOperationException($"{step.Kind}");
        }
    }

    private static async Task<string> LineAsync(MatchingHost host, int bookings, int offers, int drivers, WavePolicy policy, int window)
    {
        await using var db = host.Database.Read();
        var times = (await db.MatchingMetrics.Where(m => m.FinalStatus == MatchingFinalStatus.Matched).Select(m => m.TimeToMatch!.Value).ToListAsync()).Order().ToList();
        var firstWave = await db.MatchingMetrics.CountAsync(m => m.FinalStatus == MatchingFinalStatus.Matched && m.Waves == 1);
        var perDriver = await db.BookingNotifications.GroupBy(n => n.DriverId).Select(g => new { Offers = g.Count(), Wins = g.Sum(n => n.Response == DriverResponseKind.Accepted ? 1 : 0) }).ToListAsync();
        int[] Fill(IEnumerable<int> values) => [.. values.Concat(Enumerable.Repeat(0, drivers)).Take(drivers)];
        return string.Create(CultureInfo.InvariantCulture,
            $"  {policy,-12} {window,4} s  {(double)times.Count / bookings,7:P1} {(double)firstWave / bookings,13:P1} {(times.Count == 0 ? 0 : times.Average()),7:F1} {(times.Count == 0 ? 0 : times[times.Count / 2]),9} {(double)offers / drivers,14:F1} {(times.Count == 0 ? 0 : (double)offers / times.Count),13:F1} {Statistics.Gini(Fill(perDriver.Select(d => d.Offers))),12:F2} {Statistics.Gini(Fill(perDriver.Select(d => d.Wins))),10:F2}");
    }

    /// <summary>Trips spread over years, folded into one day by their time of day; within their quarter of an hour by chance, since the data is rounded to it.</summary>
    private static (List<Trip> Trips, int All) ReadTrips(string csv, int count, int seed)
    {
        var random = new Random(seed);
        var day = new DateTime(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc);
        var rows = Csv.Read(csv).Skip(1).Where(r => r.Count >= 10 && r[2].Length > 0 && r[5].Length > 0 && r[8].Length > 0).ToList();
        double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        return ([.. rows.OrderBy(_ => random.Next()).Take(count)
            .Select(r => new Trip(
                day.AddSeconds((long.Parse(r[0], CultureInfo.InvariantCulture) % 86_400) + random.Next(900)), r[1].Length > 0 ? r[1] : null, Number(r[2]), Number(r[3]), Number(r[5]), Number(r[6]), Number(r[8])))
            .OrderBy(t => t.At)], rows.Count);
    }

    /// <summary>The same on every run, unlike the one of the framework.</summary>
    private static int HashCode(params ReadOnlySpan<long> values)
    {
        var hash = 14695981039346656037UL;
        foreach (var value in values) hash = (hash ^ (ulong)value) * 1099511628211UL;
        return (int)(hash >> 17) & int.MaxValue;
    }

    private enum StepKind { Booking, Accept, Refuse, Complete }

    private sealed record Step(StepKind Kind, long Id, long Driver);

    private sealed record Trip(DateTime At, string? Zone, double Latitude, double Longitude, double DropLatitude, double DropLongitude, double Seconds);

    private sealed class VirtualClock(DateTime start) : TimeProvider
    {
        public DateTime Now { get; private set; } = start;

        public void MoveTo(DateTime at)
        {
            if (at > Now) Now = at;
        }

        public override DateTimeOffset GetUtcNow() => new(Now, TimeSpan.Zero);
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => Now.Ticks;
    }

    [GeneratedRegex(@"NOUVELLE COURSE\* n° (?<id>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OfferNumber();
}
