using System.Globalization;
using Dispatch.Bench.Mixed;
using Dispatch.Tests.Support;
using Npgsql;

namespace Dispatch.Tests.App;

/// <summary>One run of mixed load on three real nodes behind nginx, PostgreSQL and RabbitMQ, with kills, a freeze and a restart of each; its database and books stay for the tests.</summary>
public sealed class MixedLoad : IAsyncLifetime
{
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("DISPATCH_MIXED_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;
    private readonly List<string> _said = [];

    internal MixedRun Run { get; private set; } = null!;

    /// <summary>What was done when, for the message of a failed test.</summary>
    internal string Story => string.Join('\n', [.. _said, Run.Report]);

    public async ValueTask InitializeAsync() => Run = await MixedRun.RunAsync(
        new MixedOptions { Duration = TimeSpan.FromSeconds(75), Seed = Seed, FaultEvery = TimeSpan.FromSeconds(15) }, line =>
        {
            lock (_said) _said.Add(line);
        });

    public async ValueTask DisposeAsync()
    {
        if (Run is not null) await Run.DisposeAsync();
    }
}

/// <summary>
/// Issue 8's proof in short: what the outside was told holds, whatever happened to the nodes. And for each check something is broken on purpose: a checker that finds nothing then would find
/// nothing ever.
/// </summary>
[Collection(nameof(Alone))]
public sealed class MixedLoadTests(MixedLoad load) : IClassFixture<MixedLoad>
{
    [Fact]
    public void Run_WithKillsAFreezeAndRestarts_KeepsEveryPromise()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(load.Story);
        Assert.True(load.Run.Violations.Count == 0, load.Story);
        // A run in which nothing happens proves nothing.
        Assert.InRange(load.Run.Book.Inbound.Count, 200, int.MaxValue);
        Assert.InRange(load.Run.Book.Replies.Count, 20, int.MaxValue);
        Assert.InRange(load.Run.Book.Rides.Count, 5, int.MaxValue);
        Assert.InRange(load.Run.Book.Actions.Count, 50, int.MaxValue);
        Assert.InRange(load.Run.Book.Repeated, 1, int.MaxValue);
        Assert.Equal([FaultKind.Kill, FaultKind.Freeze, FaultKind.Broker, FaultKind.Database], load.Run.Plan.Select(f => f.Kind).Distinct().Order());
    }

    public static TheoryData<string, string> Breakages => new()
    {
        { Checker.InboundOnce, "UPDATE messages SET provider_message_id = 'gone' WHERE id = (SELECT max(id) FROM messages WHERE direction = 'In')" },
        { Checker.InboundOnce, "DROP INDEX ix_messages_channel_id_provider_message_id; UPDATE messages SET provider_message_id = 'in-0-0' WHERE id = (SELECT max(id) FROM messages WHERE direction = 'In')" },
        {
            Checker.InboundOrder,
            """
            DROP INDEX ix_messages_channel_id_provider_message_id;
            CREATE TEMP TABLE two ON COMMIT DROP AS SELECT m.id, m.provider_message_id, row_number() OVER (ORDER BY m.id) AS n FROM messages m WHERE m.direction = 'In'
                AND m.conversation_id = (SELECT conversation_id FROM messages WHERE direction = 'In' GROUP BY 1 HAVING count(*) > 1 LIMIT 1) ORDER BY m.id LIMIT 2;
            UPDATE messages SET provider_message_id = o.provider_message_id FROM two t JOIN two o ON o.n = 3 - t.n WHERE messages.id = t.id
            """
        },
        { Checker.ReplyOnce, "UPDATE messages SET text = 'something else' WHERE id = (SELECT max(id) FROM messages WHERE effect_key LIKE 'api:%')" },
        { Checker.OneOwner, "ALTER TABLE conversations DROP CONSTRAINT ck_conversations_owner; UPDATE conversations SET owner_id = (SELECT min(id) FROM moderators) WHERE id = (SELECT max(id) FROM conversations)" },
        {
            Checker.OneOwner,
            "UPDATE conversation_events SET owner_version = (SELECT min(e.owner_version) FROM conversation_events e WHERE e.conversation_id = conversation_events.conversation_id AND kind NOT IN ('Opened','Parked','NoteAdded')) WHERE kind NOT IN ('Opened','Parked','NoteAdded')"
        },
        { Checker.Capacity, "UPDATE moderators SET open_count = max_conversations + 1 WHERE id = (SELECT min(id) FROM moderators); UPDATE moderators SET open_count = 0" },
        { Checker.Capacity, "UPDATE moderators SET open_count = open_count + 1 WHERE id = (SELECT min(id) FROM moderators)" },
        { Checker.OneHolder, "UPDATE profiles SET holder_id = (SELECT max(id) FROM moderators WHERE id <> COALESCE(profiles.holder_id, 0)), holder_since = now() WHERE mode = 'Exclusive'" },
        { Checker.OneDriver, "UPDATE bookings SET driver_id = (SELECT max(id) FROM drivers WHERE id <> bookings.driver_id) WHERE status = 'Completed'" },
        { Checker.OneBooking, "DROP INDEX ux_bookings_active_driver; UPDATE bookings SET status = 'Accepted', driver_id = (SELECT min(id) FROM drivers) WHERE id IN (SELECT id FROM bookings ORDER BY id LIMIT 2)" },
        { Checker.OneBooking, "UPDATE bookings SET customer_phone = (SELECT min(customer_phone) FROM bookings) WHERE id = (SELECT max(id) FROM bookings)" },
        { Checker.Effects, "UPDATE messages SET status = 'Failed' WHERE id = (SELECT max(id) FROM messages WHERE effect_key LIKE 'api:%' AND status = 'Sent')" },
        { Checker.Effects, "UPDATE outreach_actions SET status = 'Success' WHERE id = (SELECT min(id) FROM outreach_actions WHERE status = 'Pending')" },
        { Checker.Effects, "UPDATE service_messages SET text = 'something else' WHERE id = (SELECT max(id) FROM service_messages WHERE direction = 'Out' AND status = 'Sent')" },
        { Checker.ActionOnce, "UPDATE outreach_actions SET content = 'gone' WHERE id = (SELECT max(id) FROM outreach_actions WHERE content LIKE 'action %')" },
        { Checker.Quota, "UPDATE account_days SET used = used + 1 WHERE account_id = (SELECT account_id FROM witness_limits ORDER BY quota LIMIT 1)" },
        { Checker.Quota, "UPDATE witness_limits SET quota = 1" },
        { Checker.Late, "UPDATE booking_notifications SET closed_at = expires_at + interval '31 s'" },
        { Checker.Late, "UPDATE matching_metrics SET ended_at = started_at + interval '60 s'" },
        { Checker.Late, "UPDATE booking_events SET at = at + interval '40 s' WHERE kind = 'SearchStarted'" },
        { Checker.Late, "UPDATE outreach_actions SET started_at = started_at + interval '40 s'" },
        { Checker.Late, "UPDATE moderators SET grace_until = now() - interval '31 s'" },
        { Checker.Alerts, "UPDATE alerts SET resolved_at = NULL WHERE id = (SELECT max(id) FROM alerts)" },
        { Checker.Rest, "UPDATE messages SET status = 'Queued' WHERE id = (SELECT max(id) FROM messages WHERE direction = 'Out')" },
    };

    [Theory]
    [MemberData(nameof(Breakages))]
    public async Task Check_OfABrokenDatabase_SaysSo(string check, string breakage)
    {
        await using var connection = load.Run.Connection();
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        Assert.DoesNotContain(await ViolationsAsync(connection, load.Run.Book, load.Run.Sent), v => v.Check == check);
        await using (var command = new NpgsqlCommand(breakage, connection)) Assert.NotEqual(0, await command.ExecuteNonQueryAsync());

        Assert.Contains(await ViolationsAsync(connection, load.Run.Book, load.Run.Sent), v => v.Check == check);
    }

    [Fact]
    public async Task Check_OfAGatewayThatWasToldTwice_SaysSo()
    {
        var answer = load.Run.Sent.First(e => e.Text.StartsWith("answer ", StringComparison.Ordinal));
        await FindsAsync(Checker.Effects, load.Run.Book, [.. load.Run.Sent, answer]);
    }

    [Fact]
    public Task Check_OfAGatewayThatWasToldWhatNobodySent_SaysSo() =>
        FindsAsync(Checker.Effects, load.Run.Book, [.. load.Run.Sent, new BookEntry(TimeProvider.System.GetUtcNow().UtcDateTime, "33600000000", "from nowhere", "x")]);

    [Fact]
    public Task Check_OfAnswersTheOtherWayRound_SaysSo() => FindsAsync(Checker.ReplyOrder, load.Run.Book, [.. load.Run.Sent.Reverse()]);

    [Fact]
    public Task Check_OfOneRidePromisedTwice_SaysSo()
    {
        var book = new LoadBook();
        var ride = load.Run.Book.Rides.First();
        book.Rides.Enqueue(ride);
        book.Rides.Enqueue(ride with { Driver = ride.Driver + 1 });
        return FindsAsync(Checker.OneDriver, book, load.Run.Sent);
    }

    [Fact]
    public void Breakages_AreThereForEveryCheck() =>
        Assert.Equal(Checker.All.Except([Checker.ReplyOrder]).Order(StringComparer.Ordinal), Breakages.Select(b => b.Data.Item1).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void Plan_OfTheSameSeed_IsTheSame()
    {
        var options = new MixedOptions { Seed = 7 };
        var plan = Faults.Plan(options, 3);

        Assert.Equal(plan, Faults.Plan(options, 3));
        Assert.NotEqual(plan, Faults.Plan(options with { Seed = 8 }, 3));
        // Every 20 s one, for ten minutes, and the broker and the database once each.
        Assert.Equal(29, plan.Count(f => f.Kind is FaultKind.Kill or FaultKind.Freeze));
        Assert.Single(plan, f => f.Kind == FaultKind.Broker);
        Assert.Single(plan, f => f.Kind == FaultKind.Database);
    }

    private async Task FindsAsync(string check, LoadBook book, IReadOnlyCollection<BookEntry> sent)
    {
        await using var connection = load.Run.Connection();
        await connection.OpenAsync();
        Assert.Contains(await ViolationsAsync(connection, book, sent), v => v.Check == check);
    }

    private static Task<IReadOnlyList<Violation>> ViolationsAsync(NpgsqlConnection connection, LoadBook book, IReadOnlyCollection<BookEntry> sent) =>
        new Checker(connection, book, sent, MixedRun.BookingTimeout).RunAsync();
}
