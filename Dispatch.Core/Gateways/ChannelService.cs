using Dispatch.Core.Audit;
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
    /// <summary>See <see cref="ChannelRules.Wrong"/>; <see cref="ChannelOutcome.Field"/> is the first.</summary>
    BadCredentials,
}

/// <param name="Field">The wrong field of the credentials.</param>
public sealed record ChannelOutcome(ChannelResult Result, long Id = 0, string? Field = null);

/// <summary>A channel as people see it. The token itself is never part of it.</summary>
/// <param name="Account">Which account or number of the gateway it is, where the gateway has several; null: none, or unreadable.</param>
public sealed record ChannelView(
    long Id, string Key, ChannelProvider Provider, bool HasToken, ChannelStatus Status, DateTime StatusSince, long? ProfileId, string? ProfileName,
    DateTime CreatedAt, string? Account = null);

/// <summary>Channels: made, given their token, watched.</summary>
public sealed partial class ChannelService(
    Database database, ChannelDirectory directory, ChannelTokens tokens, TimeProvider clock, ILogger<ChannelService> logger)
{
    /// <param name="token">The gateway's bearer token; null: set later (or never, for the simulator).</param>
    public async Task<ChannelOutcome> CreateAsync(string key, ChannelProvider provider, string? token = null, long? actorId = null, CancellationToken cancel = default)
    {
        if (!ChannelRules.IsKey(key)) return new ChannelOutcome(ChannelResult.BadKey);
        token = Clean(token);
        if (!ChannelRules.IsToken(token) || (token is not null && ChannelRules.HasCredentials(provider))) return new ChannelOutcome(ChannelResult.BadToken);
        return await AddAsync(key, provider, token is null ? null : tokens.Protect(token), actorId, cancel);
    }

    /// <summary>A channel of a gateway that needs more than a token.</summary>
    public async Task<ChannelOutcome> CreateWithAsync(string key, ChannelProvider provider, ChannelCredentials credentials, long? actorId = null, CancellationToken cancel = default)
    {
        if (!ChannelRules.IsKey(key)) return new ChannelOutcome(ChannelResult.BadKey);
        var (bad, sealedCredentials) = Seal(provider, credentials);
        return bad ?? await AddAsync(key, provider, sealedCredentials, actorId, cancel);
    }

    /// <summary>All of them at once: what is not given again is not kept.</summary>
    public async Task<ChannelOutcome> SetCredentialsAsync(long channelId, ChannelCredentials credentials, long? actorId = null, CancellationToken cancel = default)
    {
        ChannelProvider? provider;
        await using (var db = database.Read()) provider = await db.Channels.Where(c => c.Id == channelId).Select(c => (ChannelProvider?)c.Provider).FirstOrDefaultAsync(cancel);
        if (provider is not { } known) return new ChannelOutcome(ChannelResult.NotFound, channelId);
        var (bad, sealedCredentials) = Seal(known, credentials);
        return bad is not null ? bad with { Id = channelId } : await SetAsync(channelId, sealedCredentials, actorId, cancel);
    }

    private async Task<ChannelOutcome> AddAsync(string key, ChannelProvider provider, string? sealedToken, long? actorId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        try
        {
            var id = await database.WriteAsync(async session =>
            {
                var channel = new Channel
                    { Key = key, Provider = provider, ProtectedToken = sealedToken, Status = ChannelStatus.Active, StatusSince = now, CreatedAt = now };
                session.Db.Channels.Add(channel);
                await session.Db.SaveChangesAsync();
                await AuditAsync(session, AuditKind.ChannelAdded, channel.Id, key, actorId, now, provider.ToString());
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
    public async Task<ChannelOutcome> SetTokenAsync(long channelId, string? token, long? actorId = null, CancellationToken cancel = default)
    {
        token = Clean(token);
        return ChannelRules.IsToken(token)
            ? await SetAsync(channelId, token is null ? null : tokens.Protect(token), actorId, cancel) : new ChannelOutcome(ChannelResult.BadToken, channelId);
    }

    private async Task<ChannelOutcome> SetAsync(long channelId, string? sealedToken, long? actorId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var found = await database.WriteAsync(async session =>
        {
            var rows = await session.Db.Channels.Where(c => c.Id == channelId).ExecuteUpdateAsync(set => set
                .SetProperty(c => c.ProtectedToken, sealedToken).SetProperty(c => c.Status, ChannelStatus.Active).SetProperty(c => c.StatusSince, now));
            if (rows == 0) return false;
            // That they changed, never what they are.
            var key = await session.Db.Channels.Where(c => c.Id == channelId).Select(c => c.Key).FirstAsync();
            await AuditAsync(session, AuditKind.ChannelCredentialsChanged, channelId, key, actorId, now, null);
            Changed(session, channelId);
            return true;
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
        var rows = await (from c in db.Channels
                          join p in db.Profiles on c.Id equals p.ChannelId into profiles
                          from p in profiles.DefaultIfEmpty()
                          orderby c.Key
                          select new { Channel = c, ProfileId = p == null ? null : (long?)p.Id, ProfileName = p == null ? null : p.Name })
            .AsNoTracking().Skip(skip).Take(take).ToListAsync(cancel);
        var items = rows.ConvertAll(r => new ChannelView(
            r.Channel.Id, r.Channel.Key, r.Channel.Provider, r.Channel.ProtectedToken != null, r.Channel.Status, r.Channel.StatusSince, r.ProfileId, r.ProfileName,
            r.Channel.CreatedAt, ChannelRules.HasCredentials(r.Channel.Provider) ? tokens.Open(r.Channel.ProtectedToken)?.Account : null));
        return (items, await db.Channels.CountAsync(cancel));
    }

    private static Task AuditAsync(WriteSession session, AuditKind kind, long id, string key, long? actorId, DateTime now, string? after) => AuditLog.AddAsync(
        session, new AuditEntry { At = now, ActorId = actorId, Kind = kind, Subject = AuditSubject.Channel, SubjectId = id, Name = key, After = after });

    private void Changed(WriteSession session, long channelId)
    {
        session.Publish(Topics.Board, EventNames.Changed, channelId);
        session.AfterCommit(directory.Invalidate);
    }

    private (ChannelOutcome? Bad, string? Sealed) Seal(ChannelProvider provider, ChannelCredentials given)
    {
        var clean = Clean(given);
        if (!ChannelRules.HasCredentials(provider)) return (new ChannelOutcome(ChannelResult.BadCredentials, Field: "provider"), null);
        if (ChannelRules.Wrong(provider, clean) is [var field, ..]) return (new ChannelOutcome(ChannelResult.BadCredentials, Field: field), null);
        var text = tokens.Seal(clean);
        return text.Length <= ChannelRules.MaxSealed ? (null, text) : (new ChannelOutcome(ChannelResult.BadCredentials, Field: "token"), null);
    }

    /// <summary>As they are stored: blanks around gone, nothing instead of an empty text.</summary>
    internal static ChannelCredentials Clean(ChannelCredentials given) => new()
    {
        Token = Clean(given.Token), Server = Clean(given.Server)?.TrimEnd('/'), Account = Clean(given.Account), UserId = Clean(given.UserId), Secret = Clean(given.Secret),
        VerifyToken = Clean(given.VerifyToken),
    };

    private static string? Clean(string? token) => string.IsNullOrWhiteSpace(token) ? null : token.Trim();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Channel {ChannelId} is now {Status}")]
    private partial void LogStatus(long channelId, ChannelStatus status);
}
