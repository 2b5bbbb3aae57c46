using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Dispatch.Bench.Mixed;

/// <summary>One message that the gateway took.</summary>
/// <param name="To">Digits only.</param>
/// <param name="Id">What it answered.</param>
internal sealed record BookEntry(DateTime At, string To, string Text, string Id);

/// <summary>A gateway outside of every process that is killed: it takes every message, thinks a while, answers, and keeps a book of what it took.</summary>
internal sealed class GatewayBook : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _number;

    private GatewayBook(WebApplication app) => _app = app;

    public ConcurrentQueue<BookEntry> Entries { get; } = new();
    public string Address => _app.Urls.First();

    /// <param name="thinks">How long it takes to answer, after the message is in the book.</param>
    public static async Task<GatewayBook> StartAsync(Func<TimeSpan> thinks)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseShutdownTimeout(TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        var book = new GatewayBook(app);
        app.Run(async context =>
        {
            if (!context.Request.Path.StartsWithSegments("/messages", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync("{}");
                return;
            }
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
            var id = string.Create(CultureInfo.InvariantCulture, $"book-{Interlocked.Increment(ref book._number)}");
            book.Entries.Enqueue(new BookEntry(Now, Digits(body.GetProperty("to").GetString()!), body.GetProperty("body").GetString()!, id));
            await Task.Delay(thinks(), TimeProvider.System);
            await context.Response.WriteAsJsonAsync(new { sent = true, message = new { id, status = "pending" } });
        });
        await app.StartAsync();
        return book;
    }

    public static string Digits(string address) => new([.. address.Split('@')[0].Where(char.IsAsciiDigit)]);

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
