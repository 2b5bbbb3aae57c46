using System.Diagnostics;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Bench;

/// <summary>Broadcast, concurrent bookings, the accept race and due times, each beside hand-written SQL that writes the same rows in the same run.</summary>
internal static class MatchingBench
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var provider = arguments.Text("provider", "sqlite");
        var rounds = arguments.Number("rounds", 20);
        Console.WriteLine($"matching on {provider}; {Measured.Machine}");
        var only = arguments.Text("only");
        if (only is null or "broadcast")
        {
            await BroadcastAsync(provider, 100, rounds);
            await BroadcastAsync(provider, arguments.Number("drivers", 10_000), 3);
        }
        if (only is null or "concurrent") await ConcurrentAsync(provider, Math.Max(3, rounds / 2));
        if (only is null or "race") await RaceAsync(provider, Math.Max(rounds, 50));
        if (only is null or "due") await DueTimesAsync(provider, arguments.Number("due", 100_000));
        return 0;
    }

    private static async Task BroadcastAsync(string provider, int drivers, int rounds)
    {
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var host = await MatchingHost.StartAsync(database);
        var ids = await host.AddDriversAsync(drivers);
        var (ours, floors) = (new List<double>(), new List<double>());
        for (var round = -2; round < rounds; round++)
        {
            var booking = await host.AddBookingAsync();
            var watch = Stopwatch.StartNew();
            var result = await host.Matching.StartMatchingAsync(booking);
            var took = watch.Elapsed.TotalMilliseconds;
            if (result.DriversNotified != drivers || result.Errors.Count + result.Pending > 0) throw new InvalidOperationException($"{result}");
            await host.Matching.CancelMatchingAsync(booking, "bench");
            await host.Get<Core.Messaging.ServiceMessageSender>().RunOnceAsync(DateTime.MaxValue.AddDays(-1));
            var other = await host.AddBookingAsync();
            watch.Restart();
            await FloorBroadcastAsync(host.Database, other, ids);
            var floor = watch.Elapsed.TotalMilliseconds;
            await host.Database.WriteAsync(s => s.ExecuteAsync("UPDATE booking_notifications SET withdrawn = 'Cancelled' WHERE booking_id = @b AND withdrawn IS NULL", ("b", other)));
            if (round < 0) continue;
            ours.Add(took);
            floors.Add(floor);
        }
        Print($"broadcast to {drivers}, committed and handed over", ours, floors);
    }

    /// <summary>The same rows: the start, an offer and a message for each driver in one transaction; then each message to Sending and to Sent, 32 to a commit.</summary>
    private static async Task FloorBroadcastAsync(Database database, long booking, long[] drivers)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        const string text = "NOUVELLE COURSE: a text of about the length that an offer has, with two addresses and a time in it, and what to answer.";
        await database.WriteAsync(async session =>
        {
            await session.ExecuteAsync("UPDATE bookings SET matching_started_at = @now, matching_deadline = @now, version = version + 1 WHERE id = @id AND status = 'Pending'", ("now", now), ("id", booking));
            foreach (var driver in drivers)
            {
                await session.ExecuteAsync(
                    "INSERT INTO booking_notifications (booking_id, driver_id, round, wave, asked, created_at, expires_at, method) VALUES (@b, @d, 1, 1, 1, @now, @now, 'WhatsApp')",
                    ("b", booking), ("d", driver), ("now", now));
                await session.ExecuteAsync(
                    "INSERT INTO service_messages (booking_id, driver_id, audience, direction, kind, channel_id, address, text, effect_key, status, status_at, created_at) "
                    + "VALUES (@b, @d, 'Driver', 'Out', 'DriverOffer', 1, @a, @t, @k, 'Queued', @now, @now)",
                    ("b", booking), ("d", driver), ("a", $"22177{driver:0000000}"), ("t", text), ("k", $"floor:{booking}:{driver}"), ("now", now));
            }
        });
        foreach (var chunk in drivers.Chunk(32))
        {
            await database.WriteAsync(async session =>
            {
                foreach (var driver in chunk) await session.ExecuteAsync("UPDATE service_messages SET status = 'Sending', status_at = @now WHERE effect_key = @k", ("now", now), ("k", $"floor:{booking}:{driver}"));
            });
            await database.WriteAsync(async session =>
            {
                foreach (var driver in chunk)
                {
                    await session.ExecuteAsync("UPDATE booking_notifications SET sent_at = @now WHERE booking_id = @b AND driver_id = @d", ("now", now), ("b", booking), ("d", driver));
                    await session.ExecuteAsync(
                        "UPDATE service_messages SET status = 'Sent', sent_at = @now, provider_message_id = @p WHERE effect_key = @k",
                        ("now", now), ("p", $"f:{booking}:{driver}"), ("k", $"floor:{booking}:{driver}"));
                }
            });
        }
    }

    private static async Task ConcurrentAsync(string provider, int rounds)
    {
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var host = await MatchingHost.StartAsync(database);
        await host.AddDriversAsync(100);
        var all = new List<double>();
        // What a server does in its first minute is not what is asked; six rounds later everything is compiled.
        for (var round = -6; round < rounds; round++)
        {
            var bookings = new long[50];
            for (var i = 0; i < bookings.Length; i++) bookings[i] = await host.AddBookingAsync();
            var took = await Task.WhenAll(bookings.Select(b => Task.Run(async () =>
            {
                var watch = Stopwatch.StartNew();
                var result = await host.Matching.StartMatchingAsync(b);
                return result.DriversNotified == 100 ? watch.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"{result}");
            })));
            foreach (var b in bookings) await host.Matching.CancelMatchingAsync(b, "bench");
            await host.Get<Core.Messaging.ServiceMessageSender>().RunOnceAsync(DateTime.MaxValue.AddDays(-1));
            if (round >= 0) all.AddRange(took);
        }
        Console.WriteLine(FormattableString.Invariant($"  50 bookings at once x 100 drivers, each committed and handed over: {new Measured(all)}, most {all.Max():F0} ms"));
    }

    private static async Task RaceAsync(string provider, int rounds)
    {
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var host = await MatchingHost.StartAsync(database);
        var drivers = await host.AddDriversAsync(100);
        var (ours, floors) = (new List<double>(), new List<double>());
        for (var round = -5; round < rounds; round++)
        {
            var booking = await host.AddBookingAsync();
            await host.Matching.StartMatchingAsync(booking);
            var watch = Stopwatch.StartNew();
            var results = await Task.WhenAll(drivers.Select(d => Task.Run(() => host.Matching.HandleDriverResponseAsync(
                booking, d, new DriverResponse(DriverResponseKind.Accepted, TimeProvider.System.GetUtcNow().UtcDateTime)))));
            var took = watch.Elapsed.TotalMilliseconds;
            if (results.Count(r => r!.Action == ResponseAction.Assigned) != 1) throw new InvalidOperationException("not one winner");
            await host.Matching.CompleteAsync(booking);
            await host.Get<Core.Messaging.ServiceMessageSender>().RunOnceAsync(DateTime.MaxValue.AddDays(-1));
            var other = await host.AddBookingAsync();
            watch.Restart();
            var won = await Task.WhenAll(drivers.Select(d => Task.Run(() => host.Database.WriteAsync(s => s.ExecuteAsync(
                "UPDATE bookings SET reason = 'floor', version = version + 1 WHERE id = @b AND status = 'Pending' AND reason IS NULL", ("b", other))))));
            var floor = watch.Elapsed.TotalMilliseconds;
            if (won.Sum() != 1) throw new InvalidOperationException("not one winner at the floor");
            if (round < 0) continue;
            ours.Add(took);
            floors.Add(floor);
        }
        Print("100-way accept, until the last of them is answered", ours, floors);
    }

    private static async Task DueTimesAsync(string provider, int due)
    {
        await using var database = await BenchDatabase.CreateAsync(provider);
        await using var host = await MatchingHost.StartAsync(database);
        var drivers = await host.AddDriversAsync(1000);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var bookings = due / 1000;
        await host.Database.WriteAsync(async session =>
        {
            for (var i = 0; i < bookings; i++)
            {
                var booking = new Booking
                {
                    CustomerName = "C", CustomerPhone = "33612345678", PickupAddress = "A", DropAddress = "B", PickupTime = now, Language = "fr", Status = BookingStatus.Pending,
                    StatusAt = now, Version = 1, Round = 1, Wave = 1, ExhaustedWave = 1, CreatedAt = now, MatchingStartedAt = now, MatchingDeadline = now.AddHours(2),
                };
                session.Db.Bookings.Add(booking);
                await session.Db.SaveChangesAsync();
                var id = booking.Id;
                foreach (var d in drivers)
                {
                    await session.ExecuteAsync(
                        "INSERT INTO booking_notifications (booking_id, driver_id, round, wave, asked, created_at, sent_at, expires_at, method) VALUES (@b, @d, 1, 1, 9, @now, @now, @due, 'Api')",
                        ("b", id), ("d", d), ("now", now), ("due", now.AddHours(1)));
                }
            }
        });
        var timeouts = host.Get<TimeoutManager>();
        using var stop = new CancellationTokenSource();
        await timeouts.StartAsync(stop.Token);
        // What a start takes is the sweep's figure, below.
        while (timeouts.LastPassAt is null) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        var lags = new List<double>();
        // One due time at a time comes up among all that wait; between its instant and its row lies the lag.
        for (var i = 0; i < 100; i++)
        {
            var at = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(150);
            var driver = drivers[i];
            await host.Database.WriteAsync(async s => await s.ExecuteAsync(
                "UPDATE booking_notifications SET expires_at = @at WHERE booking_id = (SELECT MIN(id) FROM bookings) AND driver_id = @d", ("at", at), ("d", driver)));
            host.Get<TimeoutSignal>().Wake();
            for (;;)
            {
                await using var db = host.Database.Read();
                if (await db.BookingNotifications.Where(n => n.DriverId == driver && n.Response == DriverResponseKind.Timeout).Select(n => n.ClosedAt).FirstOrDefaultAsync() is not null) break;
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            }
            lags.Add((TimeProvider.System.GetUtcNow().UtcDateTime - at).TotalMilliseconds);
        }
        await timeouts.StopAsync(CancellationToken.None);
        Console.WriteLine(FormattableString.Invariant($"  {due} due times pending, one fires: lag until it can be read {new Measured(lags)}"));
        await host.Database.WriteAsync(s => s.ExecuteAsync("UPDATE booking_notifications SET expires_at = @at WHERE response IS NULL", ("at", now)));
        var watch = Stopwatch.StartNew();
        var fired = await timeouts.RunOnceAsync(TimeProvider.System.GetUtcNow().UtcDateTime);
        Console.WriteLine(FormattableString.Invariant($"  start-up sweep of {fired} due times: {watch.ElapsedMilliseconds} ms"));
    }

    private static void Print(string what, List<double> ours, List<double> floors)
    {
        var (a, b) = (new Measured(ours), new Measured(floors));
        Console.WriteLine(FormattableString.Invariant($"  {what}: {a}; floor {b}; ratio of medians {a.At(0.5) / b.At(0.5):F1}"));
    }
}
