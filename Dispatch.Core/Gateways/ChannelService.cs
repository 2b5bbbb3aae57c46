using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Gateways;

public enum ChannelResult
{
    Done,
    NotFound,
    /// <summary>Another channel has this key.</summary>
    DuplicateKey,
    /// <summary>See <see cref="ChannelRules.IsKey"/>.</summary>
    BadKey,
    /// <summary>See <see cref="ChannelRules.IsToken"/>.</summary>
    BadToken,
}

public sealed record ChannelOutcome(ChannelResult Result, long Id = 0);

/// <summary>A channel as people see it. The token itself is never part of it.</summary>
public sealed record ChannelView(
    long Id, string Key, ChannelProvider Provider, bool HasToken, ChannelStatus Status, DateTime StatusSince, long? ProfileId, string? ProfileName,
    DateTime CreatedAt);

/// <summary>Channels: made, given their token, watched.</summary>
public sealed partial class ChannelService(
    Database database, ChannelDirectory directory, ChannelTokens tokens, TimeProvider clock, ILogger<ChannelService> logger)
{
    /// <param name="token">The gateway's bearer token; null: set later (or never, for the simulator).</param>
    public async Task<ChannelOutcome> CreateAsync(string key, ChannelProvider provider, string? token = null, CancellationToken cancel = default)
    {
        if (!ChannelRules.IsKey(key)) return new ChannelOutcome(ChannelResult.BadKey);
        token = Clean(token);
        if (!ChannelRules.IsToken(token)) return new ChannelOutcome(ChannelResult.BadToken);
        var sealedToken = token is null ? null : tokens.Protect(token);
        var now = clock.GetUtcNow().UtcDateTime;
        try
        {
            var id = await database.WriteAsync(async session =>
            {
                var channel = new Channel
                    { Key = key, Provider = provider, ProtectedToken = sealedToken, Status = ChannelStatus.Active, StatusSince = now, CreatedAt = now };
                session.Db.Channels.Add(channel);
                await session.Db.SaveChangesAsync();
                Changed(session, channel.Id);
                return channel.Id;
            }, cancel);
            return new ChannelOutcome(ChannelResult.Done, id);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new ChannelOutcome(ChannelResult.DuplicateKey);
        }
    }

    /// <summary>A new token also ends "needs authorization": it may belong to another session, and the next message tells.</summary>
    public async Task<ChannelOutcome> SetTokenAsync(long channelId, string? token, CancellationToken cancel = default)
    {
        token = Clean(token);
        if (!ChannelRules.IsToken(token)) return new ChannelOutcome(ChannelResult.BadToken, channelId);
        var sealedToken = token is null ? null : tokens.Protect(token);
        var now = clock.GetUtcNow().UtcDateTime;
        var found = await database.WriteAsync(async session =>
        {
            var rows = await session.Db.Channels.Where(c => c.Id == channelId).ExecuteUpdateAsync(set => set
                .SetProperty(c => c.ProtectedToken, sealedToken).SetProperty(c => c.Status, ChannelStatus.Active).SetProperty(c => c.StatusSince, now));
            if (rows > 0) Changed(session, channelId);
            return rows > 0;
        }, cancel);
        return new ChannelOutcome(found ? ChannelResult.Done : ChannelResult.NotFound, channelId);
    }

    /// <summary>The gateway told how the channel's session is. False: nothing new.</summary>
    public async Task<bool> SetStatusAsync(long channelId, ChannelStatus status, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var changed = await database.WriteAsync(async session =>
        {
            var rows = await session.Db.Channels.Where(c => c.Id == channelId && c.Status != status)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.Status, status).SetProperty(c => c.StatusSince, now));
            if (rows > 0) Changed(session, channelId);
            return rows > 0;
        }, cancel);
        if (changed) LogStatus(channelId, status);
        return changed;
    }

    public async Task<IReadOnlyList<ChannelView>> ListAsync(CancellationToken cancel = default) => (await PageAsync(0, int.MaxValue, cancel)).Items;

    /// <summary>Channels by key, with how many there are in all.</summary>
    public async Task<(IReadOnlyList<ChannelView> Items, int Total)> PageAsync(int skip, int take, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var items = await (from c in db.Channels
                           join p in db.Profiles on c.Id equals p.ChannelId into profiles
                           from p in profiles.DefaultIfEmpty()
                           orderby c.Key
                           select new ChannelView(
                               c.Id, c.Key, c.Provider, c.ProtectedToken != null, c.Status, c.StatusSince, p == null ? null : p.Id,
                               p == null ? null : p.Name, c.CreatedAt))
            .Skip(skip).Take(take).ToListAsync(cancel);
        return (items, await db.Channels.CountAsync(cancel));
    }

    private void Changed(WriteSession session, long channelId)
    {
        session.Publish(Topics.Board, EventNames.Changed, channelId);
        session.AfterCommit(directory.Invalidate);
    }

    private static string? Clean(string? token) => string.IsNullOrWhiteSpace(token) ? null : token.Trim();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Channel {ChannelId} is now {Status}")]
    private partial void LogStatus(long channelId, ChannelStatus status);
}
