using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <summary>A prospect to make. One of <see cref="Phone"/> and <see cref="Address"/> is needed.</summary>
public sealed record NewProspect
{
    public required string Name { get; init; }

    /// <summary>With country code; spaces, dashes and a leading + or 00 are fine.</summary>
    public string? Phone { get; init; }

    /// <summary>Instead of a phone number: the provider's own id, as it came.</summary>
    public string? Address { get; init; }
    public required long AccountId { get; init; }

    /// <summary>fr or en; null: fr.</summary>
    public string? Language { get; init; }
    public string? Company { get; init; }
    public string? TimeZone { get; init; }

    /// <summary>The first contact leaves at once, or at the first moment the account may.</summary>
    public bool Contact { get; init; }

    /// <summary>He accepted an invitation, or came by himself.</summary>
    public bool Connected { get; init; }

    /// <summary>His messages are answered without a moderator where the policy allows it.</summary>
    public bool Automatic { get; init; }
}

public enum ProspectResult
{
    Done, NotFound, BadInput, AccountNotFound,
    /// <summary>The account has a prospect with this address; <see cref="ProspectOutcome.Id"/> is his.</summary>
    Duplicate,
    /// <summary>He is so already.</summary>
    Unchanged,
}

public sealed record ProspectOutcome(ProspectResult Result, long Id = 0, IReadOnlyList<FieldError>? Errors = null);

/// <summary>Prospects: made, stopped, taken up again.</summary>
public sealed partial class ProspectService(Database database, SequencePlans sequences, TimeProvider clock)
{
    public async Task<ProspectOutcome> CreateAsync(NewProspect wanted, CancellationToken cancel = default)
    {
        if (Check(wanted) is { Count: > 0 } errors) return new ProspectOutcome(ProspectResult.BadInput, Errors: errors);
        var now = clock.GetUtcNow().UtcDateTime;
        var address = AddressOf(wanted)!;
        try
        {
            return await database.WriteAsync(async session =>
            {
                if (!await session.Db.Accounts.AnyAsync(a => a.Id == wanted.AccountId)) return new ProspectOutcome(ProspectResult.AccountNotFound);
                var row = new Prospect
                {
                    AccountId = wanted.AccountId, Name = OutsideText.Mend(wanted.Name.Trim()), Address = address, Language = wanted.Language ?? "fr", TimeZone = wanted.TimeZone,
                    Company = string.IsNullOrWhiteSpace(wanted.Company) ? null : OutsideText.Mend(wanted.Company.Trim()), Automatic = wanted.Automatic,
                    ContactDueAt = wanted.Contact ? now : null, ConnectedAt = wanted.Connected ? now : null, CreatedAt = now,
                };
                session.Db.Prospects.Add(row);
                await session.Db.SaveChangesAsync();
                session.Publish(Topics.Outreach, EventNames.ProspectChanged, row.Id);
                return new ProspectOutcome(ProspectResult.Done, row.Id);
            }, cancel);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            await using var db = database.Read();
            return new ProspectOutcome(ProspectResult.Duplicate, await db.Prospects.Where(p => p.AccountId == wanted.AccountId && p.Address == address).Select(p => p.Id).FirstAsync(cancel));
        }
    }

    /// <summary>His sequence ends: pending actions are cancelled, what is about to start does not.</summary>
    /// <param name="actorId">The person; null: an integration.</param>
    public Task<ProspectOutcome> StopAsync(long id, StopReason reason, long? actorId = null, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        return database.WriteAsync(async session =>
        {
            if (!await ProspectStore.StopAsync(session, id, reason, now))
                return new ProspectOutcome(await session.Db.Prospects.AnyAsync(p => p.Id == id) ? ProspectResult.Unchanged : ProspectResult.NotFound, id);
            await AuditAsync(session, AuditKind.ProspectStopped, id, actorId, now, reason.ToString());
            return new ProspectOutcome(ProspectResult.Done, id);
        }, cancel);
    }

    /// <summary>Taken up again where he was. Who opted out is not.</summary>
    public async Task<ProspectOutcome> ResumeAsync(long id, long? actorId = null, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var options = await sequences.CurrentAsync(cancel);
        return await database.WriteAsync(session => ResumeAsync(session, id, options, actorId, now), cancel);
    }

    private static async Task<ProspectOutcome> ResumeAsync(WriteSession session, long id, OutreachOptions options, long? actorId, DateTime now)
    {
        var row = await session.Db.Prospects.AsNoTracking().FirstOrDefaultAsync(p => p.Id == id);
        if (row is null) return new ProspectOutcome(ProspectResult.NotFound, id);
        var stage = row.LastInboundAt is not null ? ProspectStage.Answered : row.ContactedAt is not null ? ProspectStage.Contacted : ProspectStage.New;
        var look = FollowupRules.NextLook(ProspectFacts.Of(row) with { Stage = stage }, options);
        var rows = await session.Db.Prospects.Where(p => p.Id == id && p.StoppedAt != null && p.StopReason != StopReason.OptedOut).ExecuteUpdateAsync(set => set
            .SetProperty(p => p.Stage, stage).SetProperty(p => p.StoppedAt, (DateTime?)null).SetProperty(p => p.StopReason, (StopReason?)null).SetProperty(p => p.FollowUpAt, look));
        if (rows > 0)
        {
            await AuditAsync(session, AuditKind.ProspectResumed, id, actorId, now, null);
            session.Publish(Topics.Prospect(id), EventNames.ProspectChanged, id);
            session.Publish(Topics.Outreach, EventNames.ProspectChanged, id);
        }
        return new ProspectOutcome(rows > 0 ? ProspectResult.Done : ProspectResult.Unchanged, id);
    }

    /// <summary>Without his name: what is said about him has to be forgotten with him.</summary>
    private static Task AuditAsync(WriteSession session, AuditKind kind, long id, long? actorId, DateTime now, string? after) =>
        AuditLog.AddAsync(session, new AuditEntry { At = now, ActorId = actorId, Kind = kind, Subject = AuditSubject.Prospect, SubjectId = id, After = after });

    public static IReadOnlyList<FieldError> Check(NewProspect wanted)
    {
        var errors = new List<FieldError>();
        if (string.IsNullOrWhiteSpace(wanted.Name) || wanted.Name.Trim().Length > OutreachConfiguration.NameLength)
            errors.Add(new("name", "BadLength", $"1 to {OutreachConfiguration.NameLength} characters."));
        if (AddressOf(wanted) is null) errors.Add(new("phone", "BadPhone", "8 to 15 digits with the country code, such as +221 77 123 45 67."));
        if (wanted.Company is { } company && company.Trim().Length > OutreachConfiguration.NameLength) errors.Add(new("company", "BadLength", $"At most {OutreachConfiguration.NameLength} characters."));
        if (wanted.Language is not (null or "fr" or "en")) errors.Add(new("language", "Unknown", "Allowed: fr, en."));
        if (wanted.TimeZone is { } zone && (zone.Length > OutreachConfiguration.ZoneLength || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)))
            errors.Add(new("timeZone", "Unknown", "An IANA name such as Africa/Dakar, or UTC."));
        return errors;
    }

    private static string? AddressOf(NewProspect wanted) => wanted.Address?.Trim() is { Length: > 0 and <= OutreachConfiguration.AddressLength } own && own.All(c => c is > ' ' and < '\x7f')
        ? own : PhoneNumbers.Read(wanted.Phone);
}
