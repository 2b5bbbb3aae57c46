using System.Collections.Concurrent;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Outreach;
using Dispatch.Core.Numbers;
using Dispatch.Core.Overview;
using Dispatch.Core.Profiles;
using Dispatch.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Data;

/// <summary>What makes SQLite safe (pragmas of the one writer) and what keeps it fast with a million messages: no statement walks through history.</summary>
public sealed class SqlitePlanTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly string[] History =
    [
        "messages", "conversations", "contacts", "conversation_events", "bookings", "booking_notifications", "service_messages", "matching_metrics", "failed_searches",
        "numbers", "number_sessions", "number_events", "number_links", "worker_sends", "outreach_actions", "prospects", "action_logs", "account_days", "rollups", "booking_events",
    ];
    private readonly StatementLog _log = new();
    private TestDatabase _store = null!;
    private DispatcherFixture _node = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, postgres);
        _node = await DispatcherFixture.StartAsync(_store, new FakeClock(), "node-1", logging => logging.AddProvider(_log).AddFilter<StatementLog>(null, LogLevel.Information));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
        _log.Dispose();
    }

    [Theory]
    [InlineData("journal_mode", "wal")]
    [InlineData("synchronous", "2")]
    [InlineData("foreign_keys", "1")]
    public async Task Writer_Pragma_IsAsTheDesignSays(string pragma, string expected) => Assert.Equal(expected, await _node.Database.WriteAsync(async session =>
        (await session.QueryAsync($"PRAGMA {pragma}", r => Convert.ToString(r.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)))[0]));

    [Fact]
    public void EveryHandWrittenStatement_FindsItsRowsByAnIndex()
    {
        var texts = InboundStore.Statements(SqlDialect.For(DatabaseProvider.Sqlite)).Concat(ConversationClaims.Statements(SqlDialect.For(DatabaseProvider.Sqlite)))
            .Concat(MatchingStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).Concat(NumberStatements.All)
            .Concat(OutreachStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).Concat(RollupStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).ToList();

        Assert.All(texts, sql => Assert.DoesNotContain(Plan(sql), Walks));
        Assert.Contains(texts, sql => Plan(sql).Exists(p => p.Contains("ix_messages_channel_id_provider_message_id", StringComparison.Ordinal)));
        Assert.Contains(texts, sql => Plan(sql).Exists(p => p.Contains("ix_contacts_address", StringComparison.Ordinal)));
        Assert.Contains(texts, sql => Plan(sql).Exists(p => p.Contains("ix_conversations_contact_id_profile_id_id", StringComparison.Ordinal)));
    }

    [Fact]
    public void EveryStatementOverGivenRows_GoesFromTheRowsToTheTable()
    {
        var texts = InboundStore.Statements(SqlDialect.For(DatabaseProvider.Sqlite)).Concat(ConversationClaims.Statements(SqlDialect.For(DatabaseProvider.Sqlite)))
            .Concat(MatchingStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).Concat(OutreachStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).Concat(RollupStatements.All(SqlDialect.For(DatabaseProvider.Sqlite))).Where(sql => sql.Contains("json_each", StringComparison.Ordinal)).ToList();

        Assert.True(texts.Count > 10, $"only {texts.Count} statements take rows");
        // Of a union each part begins anew.
        Assert.All(texts, sql => Assert.StartsWith("SCAN json_each", Plan(sql).First(p => p is not ("COMPOUND QUERY" or "LEFT-MOST SUBQUERY")), StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryStatementOfADaysWork_FindsItsRowsByAnIndex()
    {
        await WorkAsync();
        var texts = _log.Texts.Distinct(StringComparer.Ordinal).ToList();

        Assert.True(texts.Count > 20, $"only {texts.Count} statements were seen");
        Assert.All(texts, sql => Assert.DoesNotContain(Plan(sql), Walks));
        Assert.Contains(texts, sql => Plan(sql).Exists(p => p.Contains("ix_messages_outgoing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task EveryStatementOfTheOverviewAndItsCounting_FindsItsRowsByAnIndex()
    {
        await WorkAsync();
        _log.Texts.Clear();
        var (writer, queries, now) = (_node.Get<RollupWriter>(), _node.Get<OverviewQueries>(), _node.Clock.Now);
        await writer.RunOnceAsync(now);
        await writer.SampleAsync(OverviewRules.Samples(await queries.NowAsync(now)), now);
        await writer.PruneAsync(now.AddDays(100));
        var counting = _log.Texts.Distinct(StringComparer.Ordinal).ToList();
        _log.Texts.Clear();
        foreach (var range in Enum.GetValues<OverviewRange>()) await queries.ChartsAsync(range, now);
        await queries.TrendsAsync(now);
        var charts = _log.Texts.Distinct(StringComparer.Ordinal).ToList();

        Assert.True(counting.Count > 10, $"only {counting.Count} statements were seen");
        Assert.All(counting.Concat(charts), sql => Assert.DoesNotContain(Plan(sql), Walks));
        // What the charts show is read from the counts, each time by their key, and from nothing else.
        Assert.NotEmpty(charts);
        Assert.All(charts, sql => Assert.All(Plan(sql), step => Assert.Contains("~rollups", step, StringComparison.Ordinal)));
        Assert.All(charts, sql => Assert.Contains("SEARCH", Assert.Single(Plan(sql)), StringComparison.Ordinal));
    }

    [Fact]
    public async Task EveryLookForWhatIsDue_SeesOnlyWhatIsOpen()
    {
        await _node.Get<DriverService>().CreateAsync(new NewDriver { Name = "D", Phone = "+221 77 000 00 00" });
        var ride = await _node.Get<BookingService>().CreateAsync(new NewBooking { CustomerName = "Awa", CustomerPhone = "+33 6 12 34 56 78", PickupAddress = "A", DropAddress = "B", PickupTime = _node.Clock.Now });
        await _node.Get<MatchingService>().StartMatchingAsync(ride.Id);
        _log.Texts.Clear();
        var timeouts = _node.Get<TimeoutManager>();
        await timeouts.RunOnceAsync(_node.Clock.Now);
        await timeouts.NextDueAsync();
        var steps = _log.Texts.Distinct(StringComparer.Ordinal).SelectMany(Plan).Where(s => s.Contains("~booking_notifications", StringComparison.Ordinal)).ToList();

        // What was withdrawn long ago has no response either: an index on the response alone is all of history.
        Assert.Equal(2, steps.Count(s => s.Contains("ix_booking_notifications_due", StringComparison.Ordinal)));
        Assert.All(steps, s => Assert.Contains("ix_booking_notifications_", s, StringComparison.Ordinal));
        Assert.All(steps, s => Assert.DoesNotContain("ix_booking_notifications_response", s, StringComparison.Ordinal));
    }

    [Fact]
    public void Walk_ThroughHistory_IsRecognised()
    {
        Assert.Contains(Plan("SELECT * FROM messages WHERE text = 'x'"), Walks);
        Assert.Contains(Plan("SELECT * FROM messages AS m WHERE m.text = 'x'"), Walks);
    }

    private async Task WorkAsync()
    {
        var people = await _node.AddOnlineAsync("Ana", "Ben");
        var profile = await _node.AddProfileAsync();
        var vip = await _node.AddProfileAsync("vip", people[1]);
        _log.Texts.Clear();
        var conversation = await _node.OpenAsync(profile, "336001");
        var waiting = await _node.OpenAsync(vip, "336002");
        var dispatch = _node.Orchestrator;
        await dispatch.TakeAsync(conversation.Id, people[1]);
        var reply = await dispatch.ReplyAsync(conversation.Id, people[0], "hello", "key");
        await _node.Sender.SendAsync(reply.MessageId);
        await _node.SubmitAsync(profile, [_node.Message("336001", "x")], [new InboundStatus("sent-1", MessageStatus.Read, _node.Clock.Now), new InboundStatus("early", MessageStatus.Read, _node.Clock.Now)]);
        _node.Gateway.OnSend = (_, _) => Task.FromResult(SendResult.Failed(SendFailure.TooMany));
        reply = await dispatch.ReplyAsync(conversation.Id, people[0], "again", "key-2");
        await _node.Sender.SendAsync(reply.MessageId);
        await dispatch.RetryAsync(reply.MessageId);
        await _node.Sender.SweepAsync(_node.Clock.Now.AddMinutes(2));
        await dispatch.MarkReadAsync(conversation.Id, people[0]);
        await dispatch.TransferAsync(conversation.Id, people[0], people[1]);
        await dispatch.ReturnToQueueAsync(waiting.Id, people[1]);
        await _node.DrainAsync();
        await dispatch.CloseAsync(conversation.Id, people[1]);
        await dispatch.ReopenAsync(conversation.Id, null);
        await dispatch.ChoosePresenceAsync(people[0], PresenceState.Away);
        await dispatch.HandleUserLeftAsync(people[1]);
        await _node.EndGraceAsync();
        await _node.Queue.GetNextInQueueAsync();
        await ReachOutAsync(profile);
    }

    private async Task ReachOutAsync(Profile profile)
    {
        var account = new Account
            { Name = "Sales", Provider = AccountProvider.Simulator, ChannelId = profile.ChannelId, TimeZone = "UTC", Plan = new AccountPlan().ToJson(), Version = 1, CreatedAt = _node.Clock.Now };
        await using (var db = _node.Database.Read())
        {
            db.Accounts.Add(account);
            await db.SaveChangesAsync();
        }
        _node.Gateway.OnSend = null;
        var prospect = (await _node.Get<ProspectService>().CreateAsync(new NewProspect { Name = "Awa", Phone = "+33600000001", AccountId = account.Id, Contact = true, Automatic = true })).Id;
        await _node.Get<ConnectionJob>().RunOnceAsync(_node.Clock.Now);
        await _node.Get<FollowupJob>().RunOnceAsync(_node.Clock.Now);
        var actions = _node.Get<Actions>();
        var planned = await actions.PlanAsync(new NewAction("send_followup_A2", prospect, Content: "hello"));
        await _node.Get<ActionQueueJob>().RunOnceAsync(_node.Clock.Now);
        await actions.CancelAsync(planned.Id);
        await actions.RetryAsync(planned.Id);
        await actions.RunNowAsync(planned.Id);
        await _node.ReceiveAsync(profile, "33600000001", "yes");
        await _node.Get<ReplyJob>().RunOnceAsync(_node.Clock.Now);
        await _node.Get<FollowupJob>().RunOnceAsync(_node.Clock.Now);
        await _node.Get<OutreachNode>().TakeOverAsync(_node.Clock.Now);
        var queries = _node.Get<OutreachQueries>();
        await queries.ActionsAsync(new ActionSearch(ActionStatus.Pending, account.Id));
        await queries.ActionAsync(planned.Id);
        await queries.AccountAsync(account.Id);
        await _node.Get<ProspectService>().StopAsync(prospect, StopReason.ByPerson);
    }

    private static bool Walks(string step) => History.Any(table =>
        (step.StartsWith($"SCAN {table}", StringComparison.Ordinal) || (step.StartsWith("SCAN ", StringComparison.Ordinal) && step.Contains($"~{table}", StringComparison.Ordinal)))
        // A partial index holds only what is still to be done.
        && !step.Contains("ix_outreach_actions_in_hand", StringComparison.Ordinal) && !step.Contains("ix_messages_outgoing", StringComparison.Ordinal) && !step.Contains("ix_bookings_asked", StringComparison.Ordinal)
        && !step.Contains("ix_service_messages_outgoing", StringComparison.Ordinal)
        // As many as there are numbers, and nothing of their history.
        && !step.Contains("COVERING INDEX ix_numbers_state_id", StringComparison.Ordinal));

    /// <summary>The steps of the plan, each with the table behind its alias.</summary>
    private List<string> Plan(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_store.Options.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var name in System.Text.RegularExpressions.Regex.Matches(sql, "@[A-Za-z_0-9]+", System.Text.RegularExpressions.RegexOptions.None, Eventually.DefaultTimeout).Select(m => m.Value).Distinct(StringComparer.Ordinal))
            command.Parameters.AddWithValue(name, 1);
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            var step = reader.GetString(3);
            var alias = step.Split(' ') is [_, var name, ..] ? name : "";
            var table = System.Text.RegularExpressions.Regex.Match(
                sql, $"""(?:FROM|JOIN|UPDATE)\s+"?(\w+)"?\s+(?:AS\s+)?"?{System.Text.RegularExpressions.Regex.Escape(alias)}"?\b""",
                System.Text.RegularExpressions.RegexOptions.None, Eventually.DefaultTimeout).Groups[1].Value;
            steps.Add(table.Length > 0 ? $"{step} ~{table}" : step);
        }
        return steps;
    }

    /// <summary>Every statement that EF sends.</summary>
    private sealed class StatementLog : ILoggerProvider, ILogger
    {
        public ConcurrentBag<string> Texts { get; } = [];
        public ILogger CreateLogger(string categoryName) => this;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name != "Microsoft.EntityFrameworkCore.Database.Command.CommandExecuted" || state is not IEnumerable<KeyValuePair<string, object?>> values) return;
            var text = (string)values.First(v => v.Key == "commandText").Value!;
            // A batch of EF holds several statements.
            foreach (var one in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!one.StartsWith("PRAGMA", StringComparison.Ordinal)) Texts.Add(one);
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }
}
