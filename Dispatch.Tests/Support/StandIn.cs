using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Support;

/// <summary>What a gateway was asked.</summary>
public sealed record SeenCall(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Form, string Body);

/// <summary>A real HTTP server in a gateway's place: answers as a test says, remembers what it was asked. Multipart bodies are read as a server reads them.</summary>
public sealed class StandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private StandIn(WebApplication app) => _app = app;

    public ConcurrentQueue<SeenCall> Calls { get; } = new();
    public string Address => _app.Urls.First();

    /// <summary>Status and body for a call; a status of 0 breaks the connection.</summary>
    public Func<SeenCall, (int Status, string Body)> Answer { get; set; } = _ => (200, "{}");
    public (string Name, string Value)? Header { get; set; }

    /// <summary>How long it takes to answer after it has noted a call; null: no time.</summary>
    public Func<TimeSpan>? Thinks { get; set; }

    public static async Task<StandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseShutdownTimeout(TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        var server = new StandIn(app);
        app.Run(server.TakeAsync);
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        var form = new Dictionary<string, string>(StringComparer.Ordinal);
        var body = "";
        if (request.HasFormContentType)
        {
            foreach (var field in await request.ReadFormAsync()) form[field.Key] = field.Value.ToString();
        }
        else
        {
            body = await new StreamReader(request.Body).ReadToEndAsync();
        }
        var call = new SeenCall(request.Method, request.Path, request.QueryString.ToString(), request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), form, body);
        Calls.Enqueue(call);
        if (Thinks is { } thinks) await Task.Delay(thinks(), TimeProvider.System);
        var (status, answer) = Answer(call);
        if (status == 0)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = status;
        if (Header is { } header) context.Response.Headers[header.Name] = header.Value;
        await context.Response.WriteAsync(answer);
    }

    public static string Json(object value) => JsonSerializer.Serialize(value);
}
