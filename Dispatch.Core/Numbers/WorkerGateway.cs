using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>
/// The way out through a connected number: the text goes to its worker as a command and this waits for the result, which finds its row whichever process reads it.
/// A worker acts once on a reference, and a command that could not leave in time never leaves.
/// </summary>
public sealed class WorkerGateway(Database database, WorkerOutbox outbox, WorkerMessages messages, IOptions<NumberOptions> options, TimeProvider clock) : IMessageGateway
{
    /// <summary>How often the row is looked at when another process may have stored the result.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public ChannelProvider Provider => ChannelProvider.Worker;

    public async Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        var key = Guid.NewGuid().ToString("N");
        var until = clock.GetUtcNow().UtcDateTime + options.Value.SendWithin;
        var done = messages.Expect(key);
        try
        {
            if (await GiveAsync(message, key, cancel) is { } refused) return SendResult.Failed(refused);
            for (;;)
            {
                var left = until - clock.GetUtcNow().UtcDateTime;
                await Task.WhenAny(done, Task.Delay(left < Look ? left > TimeSpan.Zero ? left : TimeSpan.Zero : Look, clock, cancel));
                // Cancelled while it may be on its way: the caller learns that nobody knows.
                cancel.ThrowIfCancellationRequested();
                if (await FindAsync(key, cancel) is { } result) return result;
                if (clock.GetUtcNow().UtcDateTime >= until) return SendResult.Failed(SendFailure.Unknown);
            }
        }
        finally
        {
            messages.Forget(key);
        }
    }

    private Task<SendFailure?> GiveAsync(OutboundMessage message, string key, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            var number = await session.Db.Numbers.AsNoTracking().FirstOrDefaultAsync(n => n.ChannelId == message.ChannelId);
            if (number is null) return SendFailure.BadToken;
            if (!NumberRules.CanSend(number.State)) return NumberRules.IsLive(number.State) ? SendFailure.Unreachable : SendFailure.ChannelNotAuthorized;
            var to = message.Address.Contains('@', StringComparison.Ordinal) ? message.Address : "+" + message.Address;
            var command = await outbox.AddAsync(
                session, new WorkerCommand(number.WorkerId!, WorkerAction.Send, number.Id, number.SessionId, "+" + number.Phone) { To = to, Text = message.Text, Ref = key }, now,
                options.Value.SendWithin / 2);
            session.Db.WorkerSends.Add(new WorkerSend { NumberId = number.Id, SendKey = key, CommandId = command, CreatedAt = now });
            await session.Db.SaveChangesAsync();
            return (SendFailure?)null;
        }, cancel);
    }

    private async Task<SendResult?> FindAsync(string key, CancellationToken cancel)
    {
        await using var db = database.Read();
        var row = await db.WorkerSends.Where(s => s.SendKey == key && s.FinishedAt != null).Select(s => new { s.ProviderId, s.Failure }).FirstOrDefaultAsync(cancel);
        return row is null ? null : new SendResult(row.Failure is null ? row.ProviderId : null, row.Failure);
    }
}
