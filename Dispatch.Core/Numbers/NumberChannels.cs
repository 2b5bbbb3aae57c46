using System.Security.Cryptography;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

/// <summary>A connected number is a channel with a profile: conversations, offers and outreach go through it like through any other.</summary>
public sealed class NumberChannels(ChannelDirectory directory)
{
    private const string SetStatus = "UPDATE channels SET status = @status, status_since = @now WHERE id = @channel AND status <> @status";

    internal static IEnumerable<string> Statements => [SetStatus];

    /// <summary>Made at the first connection; afterwards it only says whether the number has to be scanned again.</summary>
    internal async Task FollowAsync(WriteSession session, WhatsAppNumber number, DateTime now)
    {
        if (number.ChannelId is { } channel)
        {
            ChannelStatus? status = number.State == NumberState.Connected ? ChannelStatus.Active : NumberRules.IsEnd(number.State) ? ChannelStatus.NeedsAuthorization : null;
            if (status is null || await session.ExecuteAsync(SetStatus, ("status", status), ("now", now), ("channel", channel)) == 0) return;
            session.Publish(Topics.Board, EventNames.Changed, channel);
            return;
        }
        if (number.State == NumberState.Connected) await MakeAsync(session, number, now);
    }

    private async Task MakeAsync(WriteSession session, WhatsAppNumber number, DateTime now)
    {
        var key = $"wa-{number.Id}";
        // Somebody may have made a channel of this name by hand.
        if (await session.Db.Channels.AnyAsync(c => c.Key == key)) key += "-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var name = await session.Db.Clients.Where(c => c.Id == number.ClientId).Select(c => c.Name).FirstAsync();
        var channel = new Channel { Key = key, Provider = ChannelProvider.Worker, Status = ChannelStatus.Active, StatusSince = now, CreatedAt = now };
        session.Db.Channels.Add(channel);
        await session.Db.SaveChangesAsync();
        var profile = new Profile { Name = name, ChannelId = channel.Id, CreatedAt = now };
        session.Db.Profiles.Add(profile);
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
        // Not guarded by the version: the transaction holds the row already.
        await session.Db.Numbers.Where(n => n.Id == number.Id).ExecuteUpdateAsync(set => set.SetProperty(n => n.ChannelId, channel.Id));
        session.Publish(Topics.Board, EventNames.Changed, channel.Id);
        session.AfterCommit(directory.Invalidate);
    }
}
