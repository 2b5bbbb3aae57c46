using System.Diagnostics;
using System.Globalization;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Bench;

/// <summary>
/// What an open page does, without the drawing: subscribes, reads, and reads again at most every 150 ms when it is told to look. Each reading is a line with the instant (of the machine's
/// monotonic clock, the same in every process) and what was read. <c>GET /screen?contact=ID</c>: the newest message of the team and until when the contact is locked.
/// </summary>
internal static class Screen
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    public static async Task ShowAsync(HttpContext context)
    {
        var contact = long.Parse(context.Request.Query["contact"].ToString(), CultureInfo.InvariantCulture);
        var (hub, database, stop) = (context.RequestServices.GetRequiredService<LiveHub>(), context.RequestServices.GetRequiredService<Database>(), context.RequestAborted);
        using var live = hub.Subscribe(Topics.Board, Topics.Contact(contact));
        try
        {
            await ReadAsync();
            await foreach (var _ in live.ReadAsync(Interval, TimeProvider.System, stop)) await ReadAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // nobody looks any more
        }

        async Task ReadAsync()
        {
            await using var db = database.Read();
            var message = await db.Messages.OrderByDescending(m => m.Id).Select(m => m.ProviderMessageId).FirstOrDefaultAsync(stop);
            var until = await db.ClientLocks.Where(l => l.ClientId == contact).Select(l => (DateTime?)l.ExpiresAt).FirstOrDefaultAsync(stop);
            await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetTimestamp()} {message ?? "-"} {until?.Ticks ?? 0}\n"), stop);
            await context.Response.Body.FlushAsync(stop);
        }
    }
}
