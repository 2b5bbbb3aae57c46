using Npgsql;
using Quartz;

namespace Dispatch.Bench.Actions;

/// <summary>Quartz.NET with its PostgreSQL store, clustered as several processes would have it, 16 threads.</summary>
internal sealed class QuartzPeer(IScheduler scheduler) : IActionPeer
{
    private static readonly StartCounter Counter = new();

    public string Name => "Quartz.NET";
    public double Share => 0.2;

    public static async Task<QuartzPeer> StartAsync(string connectionString)
    {
        var scheduler = await QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.UseDefaultThreadPool(InFlight.Width);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(NpgsqlFactory.Instance, connectionString);
                store.UseSystemTextJsonSerializer(_ => { });
                store.UseClustering(_ => { });
                store.ProvisionSchema();
            });
        }).BuildScheduler(CancellationToken.None);
        // Its schema is made at the first start.
        await scheduler.Start(CancellationToken.None);
        await scheduler.Standby(CancellationToken.None);
        return new QuartzPeer(scheduler);
    }

    public async Task<double> EnqueueAsync(int count)
    {
        var start = StartCounter.Now;
        await InFlight.AsyncEach(count, _ => StoreAsync(0, null));
        return (StartCounter.Now - start) / 1000;
    }

    public async Task<double> ExecuteAsync(int count)
    {
        var all = Counter.WaitFor(count);
        var start = StartCounter.Now;
        await scheduler.Start(CancellationToken.None);
        await all.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
        var seconds = (StartCounter.Now - start) / 1000;
        await scheduler.Standby(CancellationToken.None);
        return seconds;
    }

    public async Task<double[]> LatencyAsync(int count, TimeSpan ahead)
    {
        await scheduler.Start(CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        var waits = await Counter.PacedAsync(count, ahead, (due, at) => StoreAsync(due, ahead > TimeSpan.Zero ? at : null));
        await scheduler.Standby(CancellationToken.None);
        return waits;
    }

    public async ValueTask DisposeAsync() => await scheduler.Shutdown(false, CancellationToken.None);

    private async Task StoreAsync(double due, DateTime? at)
    {
        var job = JobBuilder.Create<NoOp>().UsingJobData("due", due).Build();
        var trigger = TriggerBuilder.Create(TimeProvider.System);
        await scheduler.ScheduleJob(job, (at is { } when ? trigger.StartAt(new DateTimeOffset(when, TimeSpan.Zero)) : trigger.StartNow()).Build());
    }

    private sealed class NoOp : IJob
    {
        public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
        {
            Counter.Started(context.MergedJobDataMap.GetDouble("due"));
            return ValueTask.CompletedTask;
        }
    }
}
