using System.Diagnostics;
using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Bench;

/// <summary>
/// Many numbers connecting at once, through RabbitMQ: from the instant in which all clients are validated together until each number's page could show its
/// code. A page here is what a page does: a subscription, and a look at each signal; the picture is drawn. The workers answer at once.
/// </summary>
internal static class ConnectBench
{
    private const int Workers = 5;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var uri = new Uri(arguments.Text("uri", "amqp://guest:guest@localhost:5672/"));
        var (provider, numbers, rounds) = (arguments.Text("provider", "sqlite"), arguments.Number("numbers", 1000), arguments.Number("rounds", 3));
        Console.WriteLine($"connect on {provider}: {rounds} rounds of {numbers} numbers at once, {Workers} workers; {Measured.Machine}");
        await using var store = await BenchDatabase.CreateAsync(provider);
        await using var services = Services(store, uri);
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        IHostedService[] hosted = [services.GetRequiredService<BrokerConnection>(), services.GetRequiredService<OutboxRelay>(), services.GetRequiredService<NumberDeadlines>()];
        foreach (var service in hosted) await service.StartAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(1, Workers).Select(i => Task.Run(() => WorkAsync(services, $"bench{i}", stop.Token))).ToList();
        while (services.GetRequiredService<BrokerState>().Current.Status != BrokerStatus.Connected) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        for (var round = 0; round <= rounds; round++)
        {
            var times = await RoundAsync(services, round == 0 ? 50 : numbers, round);
            if (round > 0) Console.WriteLine(FormattableString.Invariant($"  until the code is there: {times}, last {times.At(1):F0} ms"));
        }
        await stop.CancelAsync();
        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var service in hosted) await service.StopAsync(CancellationToken.None);
        return 0;
    }

    private static async Task<Measured> RoundAsync(ServiceProvider services, int count, int round)
    {
        var (service, codes, live) = (services.GetRequiredService<NumberService>(), services.GetRequiredService<NumberCodes>(), services.GetRequiredService<LiveHub>());
        var made = new List<NumberOutcome>(count);
        for (var i = 0; i < count; i++) made.Add(await service.RegisterAsync($"Bench {round} {i}", $"+2217{(round * 1_000_000) + i + 10_000_000}", NumberActor.System));
        using var over = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var start = Stopwatch.GetTimestamp();
        var pages = made.Select(m => PageAsync(live, codes, m.NumberId, () => start, over.Token)).ToList();
        start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            var outcome = await service.ValidateAsync(made[i].ClientId, $"bench{(i % Workers) + 1}", NumberActor.System);
            if (!outcome.Succeeded) throw new InvalidOperationException($"not validated: {outcome.Result}");
        });
        return new Measured(await Task.WhenAll(pages));
    }

    private static async Task<double> PageAsync(LiveHub live, NumberCodes codes, long number, Func<long> start, CancellationToken cancel)
    {
        using var signals = live.Subscribe(Topics.Number(number));
        await foreach (var _ in signals.ReadAsync(TimeSpan.FromMilliseconds(150), TimeProvider.System, cancel))
        {
            if ((await codes.ReadAsync(number, cancel))?.Png is not null) return Stopwatch.GetElapsedTime(start()).TotalMilliseconds;
        }
        return double.NaN;
    }

    private static async Task WorkAsync(ServiceProvider services, string id, CancellationToken stop)
    {
        await services.GetRequiredService<WorkerService>().RegisterAsync(id, WorkerMode.Routed, 10_000, cancel: stop);
        await using var port = await services.GetRequiredService<IWorkerBus>().ConnectWorkerAsync(new WorkerRoute(id, WorkerMode.Routed), stop);
        await port.AnswerAsync(new WorkerAlive(true, 10_000, "bench", false, []));
        await foreach (var delivery in port.ReadAsync(stop))
        {
            if (delivery.Command is { Action: WorkerAction.Create } command)
            {
                var about = new QrGenerated($"2@{Guid.NewGuid():N}{Guid.NewGuid():N},{Guid.NewGuid():N},{Guid.NewGuid():N}", QrForm.Raw, 1, TimeSpan.FromSeconds(60));
                await port.AnswerAsync(about with { NumberId = command.NumberId, SessionId = command.SessionId, At = TimeProvider.System.GetUtcNow().UtcDateTime });
            }
            await delivery.AckAsync();
        }
    }

    private static ServiceProvider Services(BenchDatabase store, Uri uri)
    {
        var options = new DatabaseOptions { Provider = store.Provider, Path = Path.Combine(store.Folder, "dispatch.db"), ConnectionString = store.ConnectionString };
        return new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging(b => b.AddConsole().SetMinimumLevel(LogLevel.Warning)).AddSingleton<DatabaseMigrator>()
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).Configure<NodeOptions>(o => o.Name = "bench").Configure<BrokerOptions>(o => o.Uri = uri)
            .AddDispatchData(options).AddDispatchConversations().AddDispatchMatching().AddDispatchBroker().AddDispatchNumbers().BuildServiceProvider();
    }
}
