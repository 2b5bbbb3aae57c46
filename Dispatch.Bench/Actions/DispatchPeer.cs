using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Bench.Actions;

/// <summary>Dispatch as it runs: steps to prospects of ten accounts, with quotas counted, the effect's ledger, the log and the sequence moved on; the gateway does nothing.</summary>
internal sealed class DispatchPeer(ServiceProvider services, StartCounter counter) : IActionPeer
{
    private const int Accounts = 10;
    private int _used;

    public string Name => "Dispatch";
    public double Share => 4;
    public Database Database => services.GetRequiredService<Database>();

    public static async Task<DispatchPeer> StartAsync(BenchDatabase store, int prospects)
    {
        var options = new DatabaseOptions { Provider = store.Provider, Path = Path.Combine(store.Folder, "dispatch.db"), ConnectionString = store.ConnectionString };
        var counter = new StartCounter();
        var services = new ServiceCollection().AddLogging(b => b.AddConsole().SetMinimumLevel(LogLevel.Warning)).AddSingleton<DatabaseMigrator>()
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).AddSingleton<IMessageGateway>(new NoOp(counter))
            .AddDispatchData(options).AddDispatchConversations().AddDispatchOutreach().BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        var peer = new DispatchPeer(services, counter);
        await peer.FillAsync(prospects);
        return peer;
    }

    public async Task<double> EnqueueAsync(int count)
    {
        var (actions, first) = (services.GetRequiredService<Core.Outreach.Actions>(), _used);
        _used += count;
        var start = StartCounter.Now;
        await InFlight.AsyncEach(count, i => PlanAsync(actions, first + i + 1, "0", null));
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double> ExecuteAsync(int count)
    {
        var start = StartCounter.Now;
        // It returns when everything is recorded.
        var executed = await services.GetRequiredService<ActionQueueJob>().RunOnceAsync(TimeProvider.System.GetUtcNow().UtcDateTime);
        var seconds = (StartCounter.Now - start) / 1000;
        return executed == count ? seconds : throw new InvalidOperationException($"{executed} of {count} were executed.");
    }

    public async Task<double[]> LatencyAsync(int count, TimeSpan ahead)
    {
        var actions = services.GetRequiredService<Core.Outreach.Actions>();
        IHostedService[] loops = [services.GetRequiredService<OutreachNode>(), services.GetRequiredService<ActionQueueJob>()];
        foreach (var loop in loops) await loop.StartAsync(CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        var waits = await counter.PacedAsync(count, ahead, (due, at) => PlanAsync(actions, ++_used, due.ToString("F3", CultureInfo.InvariantCulture), ahead > TimeSpan.Zero ? at : null));
        foreach (var loop in loops) await loop.StopAsync(CancellationToken.None);
        return waits;
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private static async Task PlanAsync(Core.Outreach.Actions actions, long prospect, string content, DateTime? at)
    {
        var outcome = await actions.PlanAsync(new NewAction("send_followup_A1", prospect, null, content, at));
        if (outcome.Result != ActionResult.Scheduled) throw new InvalidOperationException($"{outcome.Result}");
    }

    /// <summary>Rows of one statement: a million in one take longer than a statement may.</summary>
    public const int FillStep = 50_000;

    private async Task FillAsync(int prospects)
    {
        await Database.WriteAsync(FillAccountsAsync);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        for (var first = 1; first <= prospects; first += FillStep)
        {
            var (from, to) = (first, Math.Min(prospects, first + FillStep - 1));
            await Database.WriteAsync(session => session.ExecuteAsync(
                session.Dialect.Provider == DatabaseProvider.Sqlite
                    ? string.Create(CultureInfo.InvariantCulture, $"WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to}) INSERT INTO prospects {Columns} SELECT {Values.Replace("FALSE", "0", StringComparison.Ordinal)} FROM s")
                    : string.Create(CultureInfo.InvariantCulture, $"INSERT INTO prospects {Columns} SELECT {Values} FROM generate_series({from}, {to}) AS s(n)"),
                ("now", now)));
        }
    }

    private static async Task FillAccountsAsync(WriteSession session)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var channel = new Channel { Key = "bench", Provider = ChannelProvider.Simulator, StatusSince = now, CreatedAt = now };
        session.Db.Channels.Add(channel);
        await session.Db.SaveChangesAsync();
        // With a profile, or nothing would be written into threads.
        session.Db.Profiles.Add(new Core.Profiles.Profile { Name = "Bench", ChannelId = channel.Id, CreatedAt = now });
        await session.Db.SaveChangesAsync();
        var plan = new AccountPlan { Quotas = new Dictionary<ActionType, int> { [ActionType.Followup] = 1_000_000 } };
        for (var i = 1; i <= Accounts; i++)
        {
            session.Db.Accounts.Add(new Account
                { Name = $"Bench {i}", Provider = AccountProvider.Simulator, ChannelId = channel.Id, TimeZone = "UTC", Plan = plan.ToJson(), Version = 1, CreatedAt = now, LastClaimAt = now });
        }
        await session.Db.SaveChangesAsync();
    }

    private const string Columns = "(account_id, name, address, language, stage, automatic, step, epoch, created_at)";
    private const string Values = "1 + (n % 10), 'Prospect', '336' || n, 'en', 'New', FALSE, 0, 0, @now";

    private sealed class NoOp(StartCounter counter) : IMessageGateway
    {
        public ChannelProvider Provider => ChannelProvider.Simulator;

        public Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
        {
            counter.Started(double.Parse(message.Text, CultureInfo.InvariantCulture));
            return Task.FromResult(SendResult.Sent(message.Id.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
