using System.Globalization;
using System.Text;
using Dispatch.Bench.Servers;
using Npgsql;

namespace Dispatch.Bench.Mixed;

/// <summary>Mixed load on three real nodes while they are killed and stopped and the broker and the database restart; then the checker. Bench and test run this alike.</summary>
internal sealed class MixedRun : IAsyncDisposable
{
    public static readonly TimeSpan BookingTimeout = TimeSpan.FromSeconds(20);
    private readonly Cluster _cluster;
    private readonly MixedOptions _options;

    private MixedRun(Cluster cluster, MixedOptions options)
    {
        _cluster = cluster;
        _options = options;
    }

    public LoadBook Book { get; } = new();
    public IReadOnlyCollection<BookEntry> Sent => _cluster.Gateway.Entries;
    public IReadOnlyList<Fault> Plan { get; private set; } = [];
    public IReadOnlyList<Violation> Violations { get; private set; } = [];
    public string Report { get; private set; } = "";

    /// <summary>Of the run's database, for whoever wants to look or to break something. Not of a pool: what lay in it died with the server that was restarted.</summary>
    public NpgsqlConnection Connection() => new(_cluster.Database.ConnectionString + ";Pooling=false");

    public static async Task<MixedRun> RunAsync(MixedOptions options, Action<string> say)
    {
        var run = new MixedRun(await Cluster.StartAsync(more: Mix.Settings), options);
        try
        {
            await run.RunAsync(say);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private async Task RunAsync(Action<string> say)
    {
        using var http = Cluster.Client(_cluster.Address);
        var door = new FrontDoor(http, Book);
        var mix = new Mix(door, Book, _options);
        await mix.PrepareAsync();
        await using (var connection = Connection())
        {
            await connection.OpenAsync();
            await Witness.InstallAsync(connection, mix.Quotas);
        }
        Plan = Faults.Plan(_options, _cluster.Nodes.Count);
        using var enough = new CancellationTokenSource();
        var load = mix.RunAsync(enough.Token);
        var faults = Faults.RunAsync(_cluster, Plan, _options, say);
        // Whichever breaks first is the reason.
        await await Task.WhenAny(Task.WhenAll(Task.Delay(_options.Duration, TimeProvider.System), faults), load);
        await enough.CancelAsync();
        await load;
        say("the load ended; coming to rest");
        await SettleAsync(mix);
        await using var open = Connection();
        await open.OpenAsync();
        var checker = new Checker(open, Book, Sent, BookingTimeout);
        Violations = await checker.RunAsync();
        Report = await ReportAsync(open, checker);
    }

    /// <summary>Until nothing is open any more, or the time is over: then the checker says what is.</summary>
    private async Task SettleAsync(Mix mix)
    {
        await mix.ComeToRestAsync();
        try
        {
            var look = TimeProvider.System.GetTimestamp();
            await Installed.UntilAsync(async () =>
            {
                if (TimeProvider.System.GetElapsedTime(look) > TimeSpan.FromSeconds(5))
                {
                    await mix.ComeToRestAsync();
                    look = TimeProvider.System.GetTimestamp();
                }
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                await using var connection = Connection();
                await connection.OpenAsync();
                return await CountAsync(connection, $"""
                    SELECT (SELECT count(*) FROM messages WHERE status IN ('Queued','Sending')) + (SELECT count(*) FROM service_messages WHERE status IN ('Queued','Sending') AND channel_id IS NOT NULL)
                    + (SELECT count(*) FROM outreach_actions WHERE status IN ('Claimed','Sending')) + (SELECT count(*) FROM bookings WHERE status IN ('Scheduled','Accepted') OR (status = 'Pending' AND matching_deadline IS NOT NULL))
                    + (SELECT count(*) FROM alerts WHERE resolved_at IS NULL) + (SELECT count(*) FROM pending_messages)
                    + (SELECT count(*) FROM outreach_actions a WHERE a.status = 'Pending' AND a.due_at < now() AND NOT {Checker.Waits})
                    """) == 0;
            }, _options.Settle);
        }
        catch (TimeoutException)
        {
            // the checker names it
        }
    }

    private async Task<string> ReportAsync(NpgsqlConnection connection, Checker checker)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"seed {_options.Seed}, {_options.Duration.TotalSeconds:F0} s of load, {Plan.Count(f => f.Kind == FaultKind.Kill)} kills, {Plan.Count(f => f.Kind == FaultKind.Freeze)} freezes, broker and database restarted");
        Line($"acknowledged: {Book.Inbound.Count} messages of contacts, {Book.Replies.Count} answers, {Book.Bookings} bookings ({Book.Rides.Count} won), {Book.Actions.Count} actions, {Book.Rotations} rotations");
        Line($"declined with a reason: {Book.Refused}; called again after a fault: {Book.Repeated}");
        Line($"the gateway took {Sent.Count} messages");
        foreach (var table in new[] { "messages", "service_messages", "outreach_actions" })
            Line($"{table}: {await CountAsync(connection, $"SELECT count(*) FROM {table} WHERE status = 'Uncertain'")} uncertain, {await CountAsync(connection, $"SELECT count(*) FROM {table} WHERE status = 'Failed'")} failed");
        Line($"alerts: {await CountAsync(connection, "SELECT count(*) FROM alerts")} raised, {await CountAsync(connection, "SELECT count(*) FROM alerts WHERE resolved_at IS NULL")} left");
        Line($"worst lateness: {string.Join(", ", checker.Lateness.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key} {l.Value.TotalSeconds:F1} s")))}");
        Line($"violations: {Violations.Count}");
        foreach (var check in Violations.GroupBy(v => v.Check))
        {
            Line($"  {check.Key}: {check.Count()}");
            foreach (var violation in check.Take(8)) Line($"    {violation.Detail}");
        }
        return text.ToString();
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
