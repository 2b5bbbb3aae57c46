using Dispatch.Core.Alerts;
using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Numbers;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Compliance;

public sealed class NumberOnSqlite(PostgresServer postgres) : NumberCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class NumberOnPostgres(PostgresServer postgres) : NumberCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>The way of a number, from the client who asks to the channel that carries conversations (seed 002, issue 5).</summary>
public abstract class NumberCompliance(DatabaseProvider provider, PostgresServer postgres) : NumberTest(provider, postgres)
{
    private NumberService Numbers => Node.Get<NumberService>();

    [Fact]
    public async Task Validate_WithAWorker_MakesTheSessionAndItsCommand()
    {
        await AddWorkerAsync("1");
        var (client, number) = await RegisterAsync();

        var outcome = await ValidateAsync(client, "1");

        Assert.Equal((NumberResult.Done, number, NumberState.Validated, 1L, "1"), (outcome.Result, outcome.NumberId, outcome.State, outcome.Generation, outcome.WorkerId));
        Assert.Matches($"^session_{number}_[0-9a-f]{{8}}$", outcome.SessionId);
        var command = WorkerCommands.Read(System.Text.Encoding.UTF8.GetBytes(Assert.Single(await CommandsAsync(number)).Body), out _)!;
        Assert.Equal((WorkerAction.Create, "1", outcome.SessionId, "+" + (await NumberAsync(number)).Phone), (command.Action, command.WorkerId, command.SessionId, command.PhoneNumber));
        Assert.Equal(NumberResult.AlreadyDecided, (await ValidateAsync(client, "1")).Result);
        Assert.Equal(NumberResult.ClientNotFound, (await ValidateAsync(client + 1000, "1")).Result);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Validate_WorkerThatCannot_LeavesTheClientWaiting()
    {
        await AddWorkerAsync("small", 1);
        await AddWorkerAsync("gone");
        await StartedAsync("small");
        await Node.Get<WorkerService>().DrainAsync("gone");
        var (client, number) = await RegisterAsync();

        Assert.Equal(NumberResult.WorkerNotFound, (await ValidateAsync(client, "nobody")).Result);
        Assert.Equal(NumberResult.WorkerFull, (await ValidateAsync(client, "small")).Result);
        Assert.Equal(NumberResult.WorkerDraining, (await ValidateAsync(client, "gone")).Result);
        Assert.Equal(NumberResult.NoWorker, (await ValidateAsync(client, null)).Result);

        Assert.Equal(NumberState.Registered, (await NumberAsync(number)).State);
        Assert.Equal(ClientStatus.AwaitingValidation, Assert.Single((await Node.Get<NumberQueries>().ClientsAsync(new ClientSearch(ClientStatus.AwaitingValidation))).Items).Status);
        Assert.Empty(await CommandsAsync(number));
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Reject_SaysWhy_AndNothingMoreHappens()
    {
        await AddWorkerAsync("1");
        var (client, number) = await RegisterAsync();

        Assert.Equal(NumberResult.BadReason, (await Numbers.RejectAsync(client, " ", Admin)).Result);
        Assert.Equal(NumberResult.Done, (await Numbers.RejectAsync(client, "No contract", Admin)).Result);

        var row = Assert.Single((await Node.Get<NumberQueries>().ClientsAsync(new ClientSearch(ClientStatus.Rejected))).Items);
        Assert.Equal(("No contract", NumberState.Rejected), (row.Reason, row.State));
        Assert.Equal(NumberResult.AlreadyDecided, (await ValidateAsync(client, "1")).Result);
        Assert.Equal(NumberResult.NotNow, (await Numbers.RestartAsync(number, Admin)).Result);
    }

    [Fact]
    public async Task Register_SameNumberTwice_IsRefused()
    {
        var first = await Numbers.RegisterAsync("A", "+221 77 000 00 01", Admin);
        var second = await Numbers.RegisterAsync("B", "00221770000001", Admin);

        Assert.Equal((NumberResult.Done, NumberResult.DuplicatePhone), (first.Result, second.Result));
        Assert.Equal(NumberResult.BadPhone, (await Numbers.RegisterAsync("C", "0770000001", Admin)).Result);
        Assert.Equal(NumberResult.BadName, (await Numbers.RegisterAsync("", "+221770000002", Admin)).Result);
        Assert.Equal(1, (await Node.Get<NumberQueries>().ClientsAsync(new ClientSearch())).Total);
    }

    [Fact]
    public async Task WholeWay_FromCommandToConnected_MakesAChannelOfTheNumber()
    {
        await AddWorkerAsync("1");
        var number = await StartedAsync("1");
        Assert.Equal(NumberState.Validated, number.State);

        await TellAsync("1", new SessionStarting(), number);
        Assert.Equal(NumberState.Starting, (await NumberAsync(number.Id)).State);
        var first = Qr(1);
        await TellAsync("1", first, number);
        await AssertShowsAsync(number, first.Code, 1, Clock.Now + QrSchedule.First);
        Clock.Advance(QrSchedule.First);
        await BeatAsync("1", held: new HeldNumber(number.Id, number.SessionId, "qr"));
        await DueAsync();
        Assert.Null((await SessionAsync(number)).ProtectedQr);
        var second = Qr(2);
        await TellAsync("1", second, number);
        await AssertShowsAsync(number, second.Code, 2, Clock.Now + QrSchedule.Next);
        await TellAsync("1", new SessionScanned(), number);
        Assert.Null((await SessionAsync(number)).ProtectedQr);
        await TellAsync("1", new SessionClosed(515, "restart_required", true, true), number);
        Assert.Equal(NumberState.Scanned, (await NumberAsync(number.Id)).State);
        await TellAsync("1", new SessionConnected(), number);

        var now = await NumberAsync(number.Id);
        Assert.Equal((NumberState.Connected, NumberHealth.Healthy), (now.State, now.Health));
        var channel = await Node.ReadAsync(db => db.Channels.FirstAsync(c => c.Id == now.ChannelId));
        Assert.Equal((ChannelProvider.Worker, ChannelStatus.Active, $"wa-{number.Id}"), (channel.Provider, channel.Status, channel.Key));
        Assert.Equal("Boutique", await Node.ReadAsync(db => db.Profiles.Where(p => p.ChannelId == channel.Id).Select(p => p.Name).FirstAsync()));
        Assert.Equal(
            [NumberTrigger.Validate, NumberTrigger.Starting, NumberTrigger.QrGenerated, NumberTrigger.QrGenerated, NumberTrigger.Scanned, NumberTrigger.Closed, NumberTrigger.Connected],
            (await TimeLineAsync(number.Id)).Select(e => e.Kind));
        Assert.Empty(await AlertsAsync());
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task SeedMessages_Literally_ConnectTheNumber()
    {
        await AddWorkerAsync("legacy", mode: WorkerMode.Legacy);
        var number = await StartedAsync("legacy");
        Task Seed(BusSource source, string json) => DeliverAsync(new BusDelivery(source, "legacy", new BusMessage(System.Text.Encoding.UTF8.GetBytes(json), null, null, null)));

        // The worker of seed 002 makes its own session id, and its "connected" has no time.
        await Seed(BusSource.Legacy, $$"""{"sessionId":"session_{{number.Id}}_+{{number.Phone}}","numberId":{{number.Id}},"action":"qr_generated","qrCode":"1@abc123def456..."}""");
        Assert.Equal((NumberState.WaitingQr, 1), ((await NumberAsync(number.Id)).State, (await NumberAsync(number.Id)).QrNumber));
        await Seed(BusSource.Legacy, $$"""{"action":"qr_generated","numberId":{{number.Id}},"sessionId":"session_{{number.Id}}_+{{number.Phone}}","qrCode":"{{Picture}}","timestamp":1733396405000}""");
        Assert.Equal(2, (await NumberAsync(number.Id)).QrNumber);
        Assert.Equal(Convert.FromBase64String(Picture[22..]), (await Node.Get<NumberCodes>().ReadAsync(number.Id))!.Png);
        await Seed(BusSource.Legacy, $$"""{"sessionId":"session_{{number.Id}}_+{{number.Phone}}","numberId":"{{number.Id}}","action":"connected"}""");
        await Seed(BusSource.Health, $$"""{"status":"HEALTHY","numberId":{{number.Id}}}""");

        Assert.Equal((NumberState.Connected, NumberHealth.Healthy), ((await NumberAsync(number.Id)).State, (await NumberAsync(number.Id)).Health));
    }

    [Fact]
    public async Task Healthy_AfterALostConnected_ConnectsALegacyNumber()
    {
        await AddWorkerAsync("legacy", mode: WorkerMode.Legacy);
        var number = await StartedAsync("legacy");
        await TellAsync("legacy", Qr(1) with { Index = null }, number);

        await DeliverAsync(new BusDelivery(BusSource.Health, null, new BusMessage(System.Text.Encoding.UTF8.GetBytes($$"""{"numberId":{{number.Id}},"status":"HEALTHY"}"""), null, null, null)));

        Assert.Equal(NumberState.Connected, (await NumberAsync(number.Id)).State);
    }

    [Fact]
    public async Task Answer_OfAnOldGeneration_IsRecordedAndIgnored()
    {
        await AddWorkerAsync("1");
        var old = await WaitingAsync("1");
        Assert.Equal(NumberResult.Done, (await Numbers.RestartAsync(old.Id, Admin)).Result);

        for (var i = 0; i < 5; i++) await TellAsync("1", new SessionConnected(), old);
        await TellAsync("1", Qr(2), old);

        var number = await NumberAsync(old.Id);
        Assert.Equal((NumberState.Validated, 2L), (number.State, number.Generation));
        var ignored = (await TimeLineAsync(old.Id)).Where(e => e.Verdict == NumberVerdict.OldGeneration).ToList();
        // The same thing five times is one line that counts.
        Assert.Equal([(NumberTrigger.Connected, 5, (long?)1), (NumberTrigger.QrGenerated, 1, 1)], ignored.Select(e => (e.Kind, e.Count, e.Generation)));
        Assert.Equal(NumberResult.Changed, (await Numbers.RestartAsync(old.Id, Admin, generation: 1)).Result);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Answer_OfAWorkerThatDoesNotHoldIt_IsRecordedAndIgnored()
    {
        await AddWorkerAsync("1");
        await AddWorkerAsync("2");
        var number = await WaitingAsync("1");

        await TellAsync("2", new SessionConnected(), number);

        Assert.Equal(NumberState.WaitingQr, (await NumberAsync(number.Id)).State);
        Assert.Equal(NumberVerdict.ForeignWorker, (await TimeLineAsync(number.Id))[^1].Verdict);
    }

    [Fact]
    public async Task Relay_TellsWhatBecameOfTheCommand()
    {
        await AddWorkerAsync("1");
        var number = await StartedAsync("1");
        var command = Assert.Single(await CommandsAsync(number.Id));
        Task Progress(CommandResult result, WaitReason? reason = null) => Node.Database.WriteAsync(session => Node.Get<IEnumerable<IWorkerCommandFollower>>().Single().CommandsAsync(
            session, [new CommandProgress(command.Id, command.CommandId, "1", number.Id, number.SessionId, WorkerAction.Create, result, reason, 1)], Clock.Now));

        await Progress(CommandResult.Waiting, WaitReason.BrokerDown);
        Assert.Equal((NumberState.WaitingForWorker, NumberReason.BrokerAway), await StateAsync(number.Id));
        await Progress(CommandResult.Waiting, WaitReason.NoConsumer);
        Assert.Equal((NumberState.WaitingForWorker, NumberReason.NobodyListens), await StateAsync(number.Id));
        await Progress(CommandResult.Published);
        Assert.Equal((NumberState.CommandSent, NumberReason.None), await StateAsync(number.Id));
        await TellAsync("1", new SessionStarting(), number);
        // The relay's word can come after the worker's.
        await Progress(CommandResult.Published);
        Assert.Equal((NumberState.Starting, NumberReason.None), await StateAsync(number.Id));
    }

    [Fact]
    public async Task Restart_OfABannedNumber_LogoutAndStop_FollowTheTable()
    {
        await AddWorkerAsync("1");
        var number = await ConnectedAsync("1");
        await TellAsync("1", new SessionClosed(403, "banned", false, false), number);
        Assert.Equal((NumberState.Banned, NumberReason.ByCode), await StateAsync(number.Id));
        Assert.Equal(AlertKind.NumberBanned, Assert.Single(await AlertsAsync()).Kind);
        Assert.Equal(ChannelStatus.NeedsAuthorization, await Node.ReadAsync(db => db.Channels.Where(c => c.Key == $"wa-{number.Id}").Select(c => c.Status).FirstAsync()));
        Assert.Equal(NumberResult.NotNow, (await Numbers.StopAsync(number.Id, Admin)).Result);

        Assert.Equal(NumberResult.Done, (await Numbers.RestartAsync(number.Id, Admin)).Result);
        var again = await NumberAsync(number.Id);
        await TellAsync("1", Qr(1), again);
        await TellAsync("1", new SessionConnected(), again);
        Assert.Empty(await AlertsAsync());
        Assert.Equal(ChannelStatus.Active, await Node.ReadAsync(db => db.Channels.Where(c => c.Key == $"wa-{number.Id}").Select(c => c.Status).FirstAsync()));

        Assert.Equal(NumberState.Stopped, (await Numbers.StopAsync(number.Id, Admin)).State);
        Assert.Equal(NumberState.LoggedOut, (await Numbers.LogoutAsync(number.Id, Admin)).State);
        Assert.Equal(NumberResult.NotNow, (await Numbers.LogoutAsync(number.Id, Admin)).Result);
        Assert.Equal(0, (await WorkerAsync("1")).Held);
        await AssertNumbersConsistentAsync();
    }

    [Fact]
    public async Task Secret_OnlyTheOneRowHasIt_AndOnlyProtected()
    {
        using var log = new EverythingLog();
        await using var node = await DispatcherFixture.StartAsync(Store, Clock, "node-log", b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        await AddWorkerAsync("1");
        var number = await StartedAsync("1");
        const string code = "1@Zx9SecretOfThePhone-9f2c";
        await TellAsync("1", new QrGenerated(code, QrForm.Raw, 1, QrSchedule.First), number, node);
        await TellAsync("1", new PairingCodeIssued("PAIRCODE", Clock.Now + QrSchedule.Window), number, node);
        // Twice, of nobody, and one that cannot be read: what is refused is no reason to write it down either.
        await TellAsync("2", new QrGenerated(code, QrForm.Raw, 1), number, node);
        await DeliverAsync(new BusDelivery(BusSource.Answers, "1", new BusMessage(System.Text.Encoding.UTF8.GetBytes(
            $$"""{"action":"qr_generated","numberId":{{number.Id}},"qrCode":"<b>{{code}}</b>"}"""), "bad", null, null)), node);
        var view = await node.Get<NumberCodes>().ReadAsync(number.Id);
        Assert.Equal("PAIRCODE", view!.PairingCode);
        Assert.NotNull(view.Png);
        Assert.DoesNotContain("PAIRCODE", view.ToString(), StringComparison.Ordinal);

        foreach (var secret in new[] { "Zx9SecretOfThePhone", "PAIRCODE" })
        {
            Assert.Empty(await RowsWithAsync(secret));
            Assert.DoesNotContain(log.Lines, l => l.Contains(secret, StringComparison.Ordinal));
        }
        Assert.NotEmpty(log.Lines);

        Clock.Advance(QrSchedule.Window + TimeSpan.FromSeconds(1));
        await DueAsync();
        var session = await SessionAsync(number);
        Assert.Equal((null, null), (session.ProtectedQr, session.ProtectedPairingCode));
        Assert.Null((await Node.Get<NumberCodes>().ReadAsync(number.Id))!.Png);
    }

    [Fact]
    public async Task Link_IsSpentOnce_ShowsTheCode_AndEnds()
    {
        await AddWorkerAsync("1");
        var number = await WaitingAsync("1");
        var codes = Node.Get<NumberCodes>();
        var replaced = await codes.MakeLinkAsync(number.Id, null);
        var link = await codes.MakeLinkAsync(number.Id, null);

        Assert.Null(await codes.SpendLinkAsync(replaced!.Token));
        Assert.Null(await codes.SpendLinkAsync("made-up"));
        var viewer = await codes.SpendLinkAsync(link!.Token);
        Assert.Null(await codes.SpendLinkAsync(link.Token));
        Assert.NotNull((await codes.ReadForViewerAsync(viewer!.Value.ViewerKey))!.Value.View.Png);
        Assert.Null(await codes.ReadForViewerAsync(link.Token));
        Assert.Empty(await RowsWithAsync(link.Token));

        Assert.Equal(1, await codes.RevokeLinksAsync(number.Id));
        Assert.Null(await codes.ReadForViewerAsync(viewer.Value.ViewerKey));
        var late = await codes.MakeLinkAsync(number.Id, null);
        Clock.Advance(Options.LinkLifetime);
        Assert.Null(await codes.SpendLinkAsync(late!.Token));
    }

    private sealed class EverythingLog : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Lines.Enqueue($"{state}");
            return null;
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }

    private async Task<(NumberState, NumberReason)> StateAsync(long id)
    {
        var number = await NumberAsync(id);
        return (number.State, number.Reason);
    }

    private async Task AssertShowsAsync(WhatsAppNumber number, string code, int index, DateTime expires)
    {
        var view = await Node.Get<NumberCodes>().ReadAsync(number.Id);
        Assert.Equal((NumberState.WaitingQr, index, 6, expires), (view!.State, view.QrNumber, view.Codes, view.ExpiresAt));
        Assert.Equal(QrPictures.Png(code), view.Png);
    }

    /// <summary>Every text of every table, as the database stores it.</summary>
    private Task<List<string>> RowsWithAsync(string secret) => Node.ReadAsync(async db =>
    {
        var found = new List<string>();
        foreach (var entity in db.Model.GetEntityTypes().Where(e => e.GetTableName() is not null))
        {
            foreach (var column in entity.GetProperties().Where(p => p.ClrType == typeof(string)).Select(p => p.GetColumnName()))
            {
#pragma warning disable EF1002 // names come from the model
                var rows = await db.Database.SqlQueryRaw<int>($"SELECT COUNT(*) AS \"Value\" FROM \"{entity.GetTableName()}\" WHERE \"{column}\" LIKE '%{secret}%'").SingleAsync();
#pragma warning restore EF1002
                if (rows > 0) found.Add($"{entity.GetTableName()}.{column}");
            }
        }
        return found;
    });
}
