using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Health;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.App;

/// <summary>A running Dispatch that looks every second, a receiver of its alerts, and what a drill asks of both.</summary>
internal sealed class Drill : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);
    private readonly StandIn _receiver;

    private Drill(ApiHost host, StandIn receiver)
    {
        Host = host;
        _receiver = receiver;
    }

    public ApiHost Host { get; }

    /// <summary>What the process says of itself, from memory.</summary>
    public IReadOnlyList<NodeProblem> Problems => Host.Services.GetRequiredService<NodeProblems>().Current;

    public static async Task<Drill> StartAsync(params (string Key, string Value)[] settings)
    {
        var receiver = await StandIn.StartAsync();
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Alerts:Interval"] = "00:00:01", ["Alerts:NodeInterval"] = "00:00:01", ["Alerts:HealthInterval"] = "00:00:10", ["Alerts:WebhookUrl"] = receiver.Address,
            ["Alerts:WebhookSecret"] = "a-secret-of-the-drill",
        };
        foreach (var (key, value) in settings) all[key] = value;
        var host = new ApiHost { Settings = all };
        await host.InitializeAsync();
        await host.PostAsync("/api/channels", new { key = "shop", provider = "Simulator" });
        await host.PostAsync("/api/profiles", new { name = "Shop", channel = "shop", mode = "Shared" });
        var drill = new Drill(host, receiver);
        // A machine whose disk is nearly full is not what is drilled.
        await drill.SetAsync(AlertSettings.DiskFreeKey.Key, 0);
        await drill.SetAsync(AlertSettings.LoopStuckKey.Key, 30);
        await Eventually.Async(() => drill.Problems.Count == 0, Minute);
        return drill;
    }

    public async Task SetAsync(string key, int value)
    {
        using var answer = await Host.Api.PutAsJsonAsync($"/api/settings/{key}", new { value });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Within a minute it is one alert, and the only one.</summary>
    /// <param name="stored">False: the database cannot take it, so the process itself says it.</param>
    public async Task BecomesAsync(AlertKind kind, bool stored = true)
    {
        if (!stored)
        {
            await Eventually.Async(() => Problems.Any(p => p.Kind == kind), Minute);
            Assert.Equal([kind], Problems.Select(p => p.Kind));
            return;
        }
        await Eventually.Async(async () => (await OpenAsync()).Count > 0, Minute);
        var open = Assert.Single(await OpenAsync());
        Assert.Equal((kind, 1), (open.Kind, open.Count));
        await Eventually.Async(() => Posted(kind, "raised") == 1, Minute);
    }

    /// <summary>It ended by itself, was one all the time, and nothing else is open.</summary>
    public async Task EndsAsync(AlertKind kind)
    {
        await Eventually.Async(async () => await ReadAsync(db => db.Alerts.AnyAsync(a => a.Kind == kind && a.ResolvedAt != null)) && Problems.Count == 0, Minute);
        var alert = Assert.Single(await ReadAsync(db => db.Alerts.Where(a => a.Kind == kind).ToListAsync()));
        Assert.Null(alert.ResolvedBy);
        Assert.Empty(await OpenAsync());
    }

    public async Task AnswersAsync(string path, HttpStatusCode status)
    {
        using var answer = await Host.Bare.GetAsync(path);
        Assert.True(status == answer.StatusCode, $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>What <c>/health</c> says, whatever its status.</summary>
    public async Task<string> HealthAsync()
    {
        using var answer = await Host.Bare.GetAsync("/health");
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>A contact's message is taken and the lists can be read.</summary>
    public async Task StillWorksAsync()
    {
        using var call = await Host.WebhookAsync(ApiHost.Text(ApiHost.Unique("drill"), "221770000001", "still there?"));
        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        Assert.True((await Host.GetAsync("/api/conversations")).GetProperty("total").GetInt32() > 0);
    }

    /// <summary>How often the receiver was told.</summary>
    public int Posted(AlertKind kind, string news) => _receiver.Calls.Select(c => JsonDocument.Parse(c.Body).RootElement).Count(b =>
        string.Equals(b.GetProperty("kind").GetString(), kind.ToString(), StringComparison.OrdinalIgnoreCase) && b.GetProperty("event").GetString() == news);

    public async Task<int> ClosedPostAsync(AlertKind kind)
    {
        await Eventually.Async(() => Posted(kind, "closed") > 0, Minute);
        return Posted(kind, "closed");
    }

    /// <summary>SQLite only: no more pages than these, on the writer's connection and on every one that is opened from now on.</summary>
    public Task LimitPagesAsync(int pages)
    {
        Host.Services.GetRequiredService<IOptions<DatabaseOptions>>().Value.MaxPages = pages;
        return Host.Database.WriteAsync(session => session.ExecuteAsync(FormattableString.Invariant($"PRAGMA max_page_count={pages}")));
    }

    public async Task<T> ReadAsync<T>(Func<DispatchDb, Task<T>> read)
    {
        await using var db = Host.Database.Read();
        return await read(db);
    }

    private Task<List<Alert>> OpenAsync() => ReadAsync(db => db.Alerts.Where(a => a.ResolvedAt == null).ToListAsync());

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _receiver.DisposeAsync();
    }
}
