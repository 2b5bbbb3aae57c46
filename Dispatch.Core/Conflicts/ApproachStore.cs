using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conflicts;

/// <summary>Who approached a contact last: one row per contact, taken by one guarded statement, so that two who approach at once are one.</summary>
internal static class ApproachStore
{
    /// <summary>The statement: insert, or take over an approach that is old enough. No row changed: refused.</summary>
    public static string Claim(DatabaseProvider provider)
    {
        const string set = "profile_id = @profile, moderator_id = @moderator, approached_at = @now";
        return provider == DatabaseProvider.SqlServer
            ? "MERGE client_approaches WITH (HOLDLOCK) AS t USING (SELECT @client AS client_id) AS s ON t.client_id = s.client_id "
              + $"WHEN MATCHED AND t.approached_at <= @floor THEN UPDATE SET {set} "
              + "WHEN NOT MATCHED THEN INSERT (client_id, profile_id, moderator_id, approached_at) VALUES (@client, @profile, @moderator, @now);"
            : "INSERT INTO client_approaches (client_id, profile_id, moderator_id, approached_at) VALUES (@client, @profile, @moderator, @now) "
              + $"ON CONFLICT (client_id) DO UPDATE SET {set} WHERE client_approaches.approached_at <= @floor";
    }

    public static async Task<bool> ClaimAsync(WriteSession session, long clientId, long profileId, long moderatorId, TimeSpan again, DateTime now) =>
        await session.ExecuteAsync(Claim(session.Dialect.Provider),
            ("client", clientId), ("profile", profileId), ("moderator", moderatorId), ("now", now), ("floor", now - again)) == 1;

    /// <summary>Why the contact may not be approached now; <see cref="InitiationOutcome.Allowed"/>: nothing speaks against it.</summary>
    public static async Task<InitiationOutcome> LookAsync(
        DispatchDb db, long clientId, long profileId, TimeSpan again, DateTime now, CancellationToken cancel = default)
    {
        var open = await (from c in db.Conversations
                          join p in db.Profiles on c.ProfileId equals p.Id
                          where c.ContactId == clientId && c.ProfileId == profileId && c.Status != Conversations.ConversationStatus.Closed
                          select new InitiationOutcome(
                              InitiationResult.AlreadyOpen, c.Id, c.OwnerId, db.Moderators.Where(m => m.Id == c.OwnerId).Select(m => m.Name).FirstOrDefault(),
                              p.Id, p.Name, c.OpenedAt, null)).FirstOrDefaultAsync(cancel);
        if (open is not null) return open;
        var floor = now - again;
        var recent = await (from a in db.ClientApproaches
                            join p in db.Profiles on a.ProfileId equals p.Id
                            join m in db.Moderators on a.ModeratorId equals m.Id
                            where a.ClientId == clientId && a.ApproachedAt > floor
                            select new { a.ModeratorId, Moderator = m.Name, a.ProfileId, Profile = p.Name, a.ApproachedAt }).FirstOrDefaultAsync(cancel);
        return recent is null
            ? InitiationOutcome.Allowed
            : new InitiationOutcome(
                InitiationResult.RecentlyApproached, null, recent.ModeratorId, recent.Moderator, recent.ProfileId, recent.Profile, recent.ApproachedAt,
                recent.ApproachedAt + again);
    }
}
