using Dispatch.Core.Data;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Conflicts;

/// <summary>Writes what happened, in the transaction in which it happened.</summary>
internal static class ConflictStore
{
    private const string Columns =
        "at, kind, resource_id, profile_id, token, winner_id, loser_id, participants, decided_by, resolution, resolved_at, duration_ms, note";

    private const string Values =
        "@at, @kind, @resource, @profile, @token, @winner, @loser, @participants, @rule, @resolution, @resolved, @duration, @note";

    /// <summary>The same loser at the same hold is one conflict, however often he tries: the second row is left out.</summary>
    public static string Add(DatabaseProvider provider) => provider == DatabaseProvider.SqlServer
        ? $"INSERT INTO assignment_conflicts ({Columns}) SELECT {Values} WHERE @loser IS NULL OR NOT EXISTS (SELECT 1 FROM assignment_conflicts WITH (UPDLOCK, HOLDLOCK) "
          + "WHERE kind = @kind AND resource_id = @resource AND token = @token AND loser_id = @loser)"
        : $"INSERT INTO assignment_conflicts ({Columns}) VALUES ({Values}) ON CONFLICT DO NOTHING";

    /// <summary>True: recorded; false: it was known.</summary>
    public static async Task<bool> AddAsync(WriteSession session, Conflict conflict, DateTime now)
    {
        var settled = conflict.Resolution != ConflictResolution.None;
        return await session.ExecuteAsync(Add(session.Dialect.Provider),
            ("at", now), ("kind", conflict.Kind), ("resource", conflict.ResourceId), ("profile", conflict.ProfileId), ("token", conflict.Token),
            ("winner", conflict.WinnerId), ("loser", conflict.LoserId),
            ("participants", OutsideText.Cut(string.Join(',', conflict.Participants), ConflictConfiguration.ParticipantsLength)),
            ("rule", conflict.Rule), ("resolution", conflict.Resolution), ("resolved", settled ? now : null),
            ("duration", conflict.Duration is { } d ? (long)d.TotalMilliseconds : null),
            ("note", conflict.Note is { } note ? OutsideText.Cut(OutsideText.Mend(note), ConflictConfiguration.NoteLength) : null)) == 1;
    }
}
