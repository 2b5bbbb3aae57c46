using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Support;

/// <summary>A gateway outside the process that is killed: it remembers who was written to.</summary>
public sealed class StubGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _number;

    private StubGateway(WebApplication app) => _app = app;

    public ConcurrentQueue<string> Sent { get; } = new();
    public string Address => _app.Urls.First();

    /// <param name="thinks">How long it takes to answer after it has taken a message; null: no time.</param>
    public static async Task<StubGateway> StartAsync(Func<TimeSpan>? thinks = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var stub = new StubGateway(app);
        app.MapPost("/{**path}", async (HttpContext context) =>
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
            stub.Sent.Enqueue(body.GetProperty("to").GetString()!.Split('@')[0]);
            if (thinks is not null) await Task.Delay(thinks(), TimeProvider.System);
            return Results.Json(new { sent = true, message = new { id = $"stub-{Interlocked.Increment(ref stub._number)}" } });
        });
        await app.StartAsync();
        return stub;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
