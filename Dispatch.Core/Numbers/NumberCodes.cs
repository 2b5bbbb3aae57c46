using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Numbers;

/// <summary>What a dialog shows. <see cref="ToString"/> gives no code away.</summary>
/// <param name="Png">The picture; null: there is no valid code now.</param>
/// <param name="ExpiresAt">UTC, of the picture.</param>
/// <param name="PairingCode">Eight characters to type instead; null: none.</param>
/// <param name="Why">Resource key of the reason; null: the state says it all.</param>
public sealed record CodeView(
    long NumberId, NumberState State, NumberReason Reason, int? Code, long Generation, int QrNumber, DateTime? ExpiresAt, byte[]? Png, string? PairingCode, DateTime? PairingExpiresAt)
{
    public int Codes => QrSchedule.Codes;
    public string? Why => NumberSentences.Why(Reason, Code);
    public override string ToString() => $"{nameof(CodeView)} {{ NumberId = {NumberId}, State = {State}, QrNumber = {QrNumber} }}";
}

/// <summary>A link that was made. The token is known only here and now.</summary>
public sealed record LinkMade(long Id, string Token, DateTime ExpiresAt)
{
    public override string ToString() => $"{nameof(LinkMade)} {{ Id = {Id} }}";
}

/// <param name="Revoked">By an admin.</param>
public sealed record LinkRow(long Id, DateTime CreatedAt, DateTime ExpiresAt, DateTime? OpenedAt, bool Revoked);

/// <summary>
/// The way to a code: for admins (<see cref="ReadAsync"/>; the caller has checked the role) and for the one browser that opened a link. A code is a key to a
/// phone: it is read from the row at each look and kept nowhere else.
/// </summary>
public sealed class NumberCodes(Database database, NumberSecrets secrets, IOptions<NumberOptions> options, TimeProvider clock)
{
    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>The code as it is now; null: there is no such number. Live: subscribe to <c>Topics.Number(id)</c> and read again.</summary>
    public async Task<CodeView?> ReadAsync(long numberId, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        var row = await (from n in db.Numbers
                         where n.Id == numberId
                         select new
                         {
                             n.Id, n.State, n.Reason, n.Code, n.Generation, n.QrNumber, n.QrExpiresAt,
                             Session = db.NumberSessions.Where(s => s.NumberId == n.Id && s.Generation == n.Generation)
                                 .Select(s => new { s.ProtectedQr, s.ProtectedPairingCode, s.PairingExpiresAt }).FirstOrDefault(),
                         }).FirstOrDefaultAsync(cancel);
        if (row is null) return null;
        var waits = row.State == NumberState.WaitingQr;
        var shown = waits && row.QrExpiresAt > now;
        var code = shown ? secrets.Unprotect(row.Session?.ProtectedQr) : null;
        return new CodeView(
            row.Id, row.State, row.Reason, row.Code, row.Generation, row.QrNumber, row.QrExpiresAt, code is null ? null : QrPictures.Png(code),
            waits && row.Session?.PairingExpiresAt > now ? secrets.Unprotect(row.Session.ProtectedPairingCode) : null, row.Session?.PairingExpiresAt);
    }

    /// <summary>A link for whoever holds the phone; it replaces an earlier one of the number. Null: there is no such number.</summary>
    public Task<LinkMade?> MakeLinkAsync(long numberId, long? createdBy, CancellationToken cancel = default)
    {
        var now = Now;
        var (token, hash) = NumberSecrets.NewToken();
        return database.WriteAsync(async session =>
        {
            if (!await session.Db.Numbers.AnyAsync(n => n.Id == numberId)) return null;
            await RevokeAsync(session, numberId, now);
            var link = new NumberLink { NumberId = numberId, TokenHash = hash, CreatedBy = createdBy, CreatedAt = now, ExpiresAt = now + options.Value.LinkLifetime };
            session.Db.NumberLinks.Add(link);
            await session.Db.SaveChangesAsync();
            session.Publish(Topics.Number(numberId), EventNames.NumberChanged, numberId);
            return new LinkMade(link.Id, token, link.ExpiresAt);
        }, cancel);
    }

    /// <summary>Every open link of the number ends, opened or not. Returns how many there were.</summary>
    public Task<int> RevokeLinksAsync(long numberId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            session.Publish(Topics.Number(numberId), EventNames.NumberChanged, numberId);
            return await RevokeAsync(session, numberId, now);
        }, cancel);
    }

    /// <summary>The link that is open now; null: none.</summary>
    public async Task<LinkRow?> OpenLinkAsync(long numberId, CancellationToken cancel = default)
    {
        var now = Now;
        await using var db = database.Read();
        return await db.NumberLinks.Where(l => l.NumberId == numberId && l.ExpiresAt > now && l.RevokedAt == null).OrderByDescending(l => l.Id)
            .Select(l => new LinkRow(l.Id, l.CreatedAt, l.ExpiresAt, l.OpenedAt, false)).FirstOrDefaultAsync(cancel);
    }

    /// <summary>
    /// Spends the link: the first browser gets a key of its own (to be kept in an HttpOnly cookie) with which it looks until the link ends. Null: used, revoked, too
    /// old or unknown; the four are not told apart.
    /// </summary>
    public async Task<(string ViewerKey, DateTime ExpiresAt)?> SpendLinkAsync(string? token, CancellationToken cancel = default)
    {
        if (string.IsNullOrEmpty(token) || token.Length > 200) return null;
        var now = Now;
        var hash = NumberSecrets.Hash(token);
        var (viewer, viewerHash) = NumberSecrets.NewToken();
        return await database.WriteAsync(async session =>
        {
            var rows = await session.Db.NumberLinks.Where(l => l.TokenHash == hash && l.OpenedAt == null && l.RevokedAt == null && l.ExpiresAt > now)
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.OpenedAt, now).SetProperty(l => l.ViewerHash, viewerHash));
            if (rows == 0) return ((string, DateTime)?)null;
            var link = await session.Db.NumberLinks.AsNoTracking().FirstAsync(l => l.TokenHash == hash);
            session.Publish(Topics.Number(link.NumberId), EventNames.NumberChanged, link.NumberId);
            return (viewer, link.ExpiresAt);
        }, cancel);
    }

    /// <summary>The code for the browser that opened the link; null: its link has ended.</summary>
    public async Task<(CodeView View, DateTime LinkEndsAt)?> ReadForViewerAsync(string? viewerKey, CancellationToken cancel = default)
    {
        if (string.IsNullOrEmpty(viewerKey) || viewerKey.Length > 200) return null;
        var now = Now;
        var hash = NumberSecrets.Hash(viewerKey);
        NumberLink? link;
        await using (var db = database.Read())
        {
            link = await db.NumberLinks.FirstOrDefaultAsync(l => l.ViewerHash == hash && l.RevokedAt == null && l.ExpiresAt > now, cancel);
        }
        return link is not null && await ReadAsync(link.NumberId, cancel) is { } view ? (view, link.ExpiresAt) : null;
    }

    private static Task<int> RevokeAsync(WriteSession session, long numberId, DateTime now) =>
        session.Db.NumberLinks.Where(l => l.NumberId == numberId && l.ExpiresAt > now && l.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(l => l.RevokedAt, now));
}
