using System.Text.Json;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Gateways.Unipile;

public enum InviteResult
{
    Sent,
    /// <summary>This channel has invited him; at most one invitation a person leaves by Dispatch.</summary>
    AlreadyInvited,
    AlreadyConnected,
    /// <summary>It may have left; asked again, the list of sent invitations decides.</summary>
    Uncertain,
    /// <summary><see cref="InviteOutcome.Failure"/> says why; he can be invited again.</summary>
    Refused,
    /// <summary>The channel's invitations of 24 hours are used up.</summary>
    TooManyToday,
    NoChannel, BadInput,
}

public sealed record InviteOutcome(InviteResult Result, string? InvitationId = null, SendFailure? Failure = null);

/// <summary>
/// Invitations to connect (LinkedIn). The step to Sending is committed before the call and a person has one row per channel, so he is invited at most once whatever crashes;
/// what nobody answers for is asked of the list of sent invitations before anything is sent again.
/// </summary>
public sealed partial class UnipileInvitations : IInvitationGateway
{
    public const int MaxNote = 300;

    /// <summary>Longer than a call may take: what is still Sending has lost its sender.</summary>
    private static readonly TimeSpan SendingFor = TimeSpan.FromSeconds(60);

    private readonly Database _database;
    private readonly UnipileApi _api;
    private readonly ChannelTokens _tokens;
    private readonly GatewayPace _pace;
    private readonly UnipileOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<UnipileInvitations> _logger;

    internal UnipileInvitations(
        Database database, UnipileApi api, ChannelTokens tokens, GatewayPace pace, IOptions<UnipileOptions> options, TimeProvider clock, ILogger<UnipileInvitations> logger)
    {
        _database = database;
        _api = api;
        _tokens = tokens;
        _pace = pace;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    private DateTime Now => _clock.GetUtcNow().UtcDateTime;

    public ChannelProvider Provider => ChannelProvider.Unipile;

    /// <summary>On LinkedIn, whose ids are no phone numbers; not for somebody whose chat or acceptance is known.</summary>
    public async ValueTask<bool> IsNeededAsync(long channelId, string address, CancellationToken cancel)
    {
        if (address.Contains('@', StringComparison.Ordinal) || address.All(char.IsAsciiDigit)) return false;
        await using var db = _database.Read();
        return !await db.GatewayContacts.AnyAsync(c => c.ChannelId == channelId && c.Address == address && (c.ChatId != null || c.Invitation == InvitationStatus.Accepted), cancel);
    }

    async Task<SendResult> IInvitationGateway.InviteAsync(OutboundMessage invitation, CancellationToken cancel)
    {
        if (invitation.Text.Trim().Length > MaxNote) return SendResult.Failed(SendFailure.BadContent);
        var outcome = await InviteAsync(invitation.ChannelId, invitation.Address, invitation.Text, cancel);
        return outcome.Result switch
        {
            // Invited before, by hand or by another account of the channel: he has the invitation.
            InviteResult.Sent or InviteResult.AlreadyInvited => new SendResult(outcome.InvitationId, null),
            InviteResult.AlreadyConnected => new SendResult(outcome.InvitationId, null) { Connected = true },
            InviteResult.Uncertain => SendResult.Failed(SendFailure.Unknown),
            InviteResult.TooManyToday => SendResult.Failed(SendFailure.InvitationsUsedUp),
            InviteResult.NoChannel => SendResult.Failed(SendFailure.BadToken),
            InviteResult.BadInput => SendResult.Failed(SendFailure.BadRecipient),
            InviteResult.Refused => SendResult.Failed(outcome.Failure ?? SendFailure.Refused),
        };
    }

    public async Task<LookupResult> FindInvitationAsync(OutboundMessage invitation, DateTime since, CancellationToken cancel)
    {
        if (_tokens.Open(invitation.ProtectedToken) is not { } channel || UnipileAddress.Read(invitation.Address) is not { } address) return new LookupResult(null);
        await using (var db = _database.Read())
        {
            var known = await db.GatewayContacts.Where(c => c.ChannelId == invitation.ChannelId && c.Address == address).Select(c => new { c.Invitation, c.InvitationId }).FirstOrDefaultAsync(cancel);
            if (known?.Invitation is InvitationStatus.Accepted or InvitationStatus.Sent) return new LookupResult(true, known.InvitationId);
        }
        var (found, id, complete) = await FindAsync(channel, address, cancel);
        if (found) await EndAsync(invitation.ChannelId, address, InvitationStatus.Sent, id, InvitationStatus.Uncertain);
        // Once accepted it is not in the list any more, and a fresh one is not in it yet.
        return found ? new LookupResult(true, id) : complete && since < Now - _options.MissingAfter ? new LookupResult(false) : new LookupResult(null);
    }

    /// <param name="providerId">The person's id at the provider (<c>ACoAA...</c>).</param>
    /// <param name="note">At most <see cref="MaxNote"/> characters; null or empty: none.</param>
    public async Task<InviteOutcome> InviteAsync(long channelId, string providerId, string? note, CancellationToken cancel = default)
    {
        note = string.IsNullOrWhiteSpace(note) ? null : OutsideText.Mend(note.Trim());
        if (UnipileAddress.Read(providerId.Trim()) is not { } address || note is { Length: > MaxNote }) return new InviteOutcome(InviteResult.BadInput);
        Channel? row;
        await using (var db = _database.Read()) row = await db.Channels.AsNoTracking().FirstOrDefaultAsync(c => c.Id == channelId && c.Provider == ChannelProvider.Unipile, cancel);
        if (row is null) return new InviteOutcome(InviteResult.NoChannel);
        if (_tokens.Open(row.ProtectedToken) is not { } channel) return new InviteOutcome(InviteResult.Refused, Failure: SendFailure.BadToken);
        if (await ResolveAsync(channel, channelId, address, cancel) is { } standing) return standing;
        if (!await _pace.EnterAsync(ChannelProvider.Unipile, channelId, _options.Pace, cancel)) return new InviteOutcome(InviteResult.Refused, Failure: SendFailure.TooMany);
        if (await StartAsync(channelId, address, cancel) is { } refused) return refused;
        // Not ended by the caller's impatience: an answer that is waited for is an effect that is known.
        var answer = await _api.InviteAsync(channel, address, note, CancellationToken.None);
        if (answer.RetryAfter is { } wait && !answer.IsSuccess) _pace.Hold(channelId, wait);
        var (outcome, status) = Judge(answer);
        await EndAsync(channelId, address, status, outcome.InvitationId);
        if (outcome.Result != InviteResult.Sent) LogNotInvited(channelId, outcome.Result, outcome.Failure);
        return outcome;
    }

    private static (InviteOutcome Outcome, InvitationStatus Status) Judge(GatewayAnswer answer)
    {
        if (answer.Status is null)
        {
            return answer.Started ? (new InviteOutcome(InviteResult.Uncertain, Failure: SendFailure.Unknown), InvitationStatus.Uncertain)
                : (new InviteOutcome(InviteResult.Refused, Failure: SendFailure.Unreachable), InvitationStatus.Failed);
        }
        if (answer.IsSuccess)
        {
            var id = answer.Read(root => PayloadFields.Text(root, "invitation_id"));
            return (new InviteOutcome(InviteResult.Sent, id is { Length: > 0 and <= GatewayContactConfiguration.IdLength } ? id : null), InvitationStatus.Sent);
        }
        switch (UnipileAnswer.TypeOf(answer))
        {
            // By hand, or from another program: the invitation is there.
            case "already_invited_recently": return (new InviteOutcome(InviteResult.AlreadyInvited), InvitationStatus.Sent);
            case "already_connected": return (new InviteOutcome(InviteResult.AlreadyConnected), InvitationStatus.Accepted);
        }
        var failure = UnipileAnswer.Failure(answer);
        return failure == SendFailure.Unknown ? (new InviteOutcome(InviteResult.Uncertain, Failure: failure), InvitationStatus.Uncertain)
            : (new InviteOutcome(InviteResult.Refused, Failure: failure), InvitationStatus.Failed);
    }

    /// <summary>Null: he may be invited.</summary>
    private async Task<InviteOutcome?> ResolveAsync(ChannelCredentials channel, long channelId, string address, CancellationToken cancel)
    {
        GatewayContact? known;
        await using (var db = _database.Read())
            known = await db.GatewayContacts.AsNoTracking().FirstOrDefaultAsync(c => c.ChannelId == channelId && c.Address == address && c.Invitation != null, cancel);
        if (known is null || known.Invitation == InvitationStatus.Failed) return null;
        if (known.Invitation == InvitationStatus.Accepted) return new InviteOutcome(InviteResult.AlreadyConnected, known.InvitationId);
        if (known.Invitation == InvitationStatus.Sent) return new InviteOutcome(InviteResult.AlreadyInvited, known.InvitationId);
        if (known.Invitation == InvitationStatus.Sending && known.InvitedAt > Now - SendingFor) return new InviteOutcome(InviteResult.AlreadyInvited);
        var (found, id, complete) = await FindAsync(channel, address, cancel);
        // The list lags behind: that he is not in it says nothing yet of an invitation a few minutes old.
        if (!found && (!complete || known.InvitedAt > Now - _options.MissingAfter)) return new InviteOutcome(InviteResult.Uncertain, Failure: SendFailure.Unknown);
        await EndAsync(channelId, address, found ? InvitationStatus.Sent : InvitationStatus.Failed, id, known.Invitation);
        return found ? new InviteOutcome(InviteResult.AlreadyInvited, id) : null;
    }

    private async Task<(bool Found, string? Id, bool Complete)> FindAsync(ChannelCredentials channel, string address, CancellationToken cancel)
    {
        string? cursor = null;
        for (var page = 0; page < 20; page++)
        {
            var answer = await _api.SentInvitationsAsync(channel, cursor, cancel);
            if (!answer.IsSuccess) return (false, null, false);
            var read = answer.Read(root => root.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array
                ? Tuple.Create(items.EnumerateArray().Select(i => (User: PayloadFields.Text(i, "invited_user_id"), Id: PayloadFields.Text(i, "id"))).ToList(), PayloadFields.Text(root, "cursor"))
                : null);
            if (read is null) return (false, null, false);
            foreach (var (user, id) in read.Item1)
            {
                if (user is not null && UnipileAddress.Read(user) == address) return (true, id is { Length: <= GatewayContactConfiguration.IdLength } ? id : null, true);
            }
            if (read.Item2 is null) return (false, null, true);
            cursor = read.Item2;
        }
        return (false, null, false);
    }

    /// <summary>The row, in Sending. Null: it is ours to send.</summary>
    private async Task<InviteOutcome?> StartAsync(long channelId, string address, CancellationToken cancel)
    {
        var (now, most) = (Now, _options.InvitationsPerDay);
        try
        {
            return await _database.WriteAsync(async session =>
            {
                // The channel's row is the line in which they are counted, one after the other.
                await session.Db.Channels.Where(c => c.Id == channelId).ExecuteUpdateAsync(set => set.SetProperty(c => c.Key, c => c.Key));
                if (await session.Db.GatewayContacts.CountAsync(c => c.ChannelId == channelId && c.InvitedAt > now.AddHours(-24) && c.Invitation != InvitationStatus.Failed) >= most)
                    return new InviteOutcome(InviteResult.TooManyToday);
                var mine = session.Db.GatewayContacts.Where(c => c.ChannelId == channelId && c.Address == address);
                var rows = await mine.Where(c => c.Invitation == null || c.Invitation == InvitationStatus.Failed)
                    .ExecuteUpdateAsync(set => set.SetProperty(c => c.Invitation, InvitationStatus.Sending).SetProperty(c => c.InvitedAt, now));
                if (rows > 0) return null;
                if (await mine.AnyAsync()) return new InviteOutcome(InviteResult.AlreadyInvited);
                session.Db.GatewayContacts.Add(new GatewayContact { ChannelId = channelId, Address = address, Invitation = InvitationStatus.Sending, InvitedAt = now });
                await session.Db.SaveChangesAsync();
                return null;
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new InviteOutcome(InviteResult.AlreadyInvited);
        }
    }

    private Task EndAsync(long channelId, string address, InvitationStatus status, string? id, InvitationStatus? from = InvitationStatus.Sending) =>
        _database.WriteAsync(session => session.Db.GatewayContacts.Where(c => c.ChannelId == channelId && c.Address == address && c.Invitation == from)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.Invitation, status).SetProperty(c => c.InvitationId, c => id ?? c.InvitationId)), CancellationToken.None);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An invitation of channel {ChannelId} did not leave: {Result} {Failure}")]
    private partial void LogNotInvited(long channelId, InviteResult result, SendFailure? failure);
}
