using Dispatch.Core.Data;

namespace Dispatch.Core.Locks;

/// <summary>
/// The statements of a lock, the same for both kinds. Each is guarded by everything it assumes and tells by its rows whether it happened; there
/// is no reading first. <c>held</c> means: has a holder and ends after <c>@now</c>.
/// </summary>
internal sealed class LockSql
{
    private static readonly Dictionary<(DatabaseProvider, LockKind), LockSql> Known = Enum.GetValues<DatabaseProvider>()
        .SelectMany(_ => Enum.GetValues<LockKind>(), (provider, kind) => (provider, kind)).ToDictionary(k => k, k => new LockSql(k.provider, k.kind));

    private LockSql(DatabaseProvider provider, LockKind kind)
    {
        var client = kind == LockKind.Client;
        var (table, key, why) = client ? ("client_locks", "client_id", "lock_reason") : ("profile_locks", "profile_id", "lock_type");
        // Who is locked for whom has to exist and be allowed; asked by the statement itself, so it can not change in between.
        var source = $"FROM profiles p JOIN moderators m ON m.id = @moderator {(client ? "JOIN contacts c ON c.id = @key " : "")}"
            + "WHERE p.id = @profile AND m.enabled = @yes AND (p.restricted <> @yes OR EXISTS "
            + "(SELECT 1 FROM profile_moderators pm WHERE pm.profile_id = p.id AND pm.moderator_id = m.id)"
            // A conversation stays with its owner when the profile is restricted later; so does the right to answer.
            + (client ? " OR EXISTS (SELECT 1 FROM conversations v WHERE v.contact_id = c.id AND v.profile_id = p.id AND v.owner_id = m.id))" : ")");
        var columns = $"{key}, {(client ? "profile_id, " : "")}moderator_id, locked_at, expires_at, {why}, token";
        var values = $"{(client ? "c.id, " : "")}p.id, m.id, @now, @until, @why, 1";

        Acquire = provider == DatabaseProvider.SqlServer
            // HOLDLOCK: without it two that find nothing both insert.
            ? $"MERGE {table} WITH (HOLDLOCK) AS t USING (SELECT {(client ? "c.id AS client_id, " : "")}p.id AS profile_id, m.id AS moderator_id {source}) AS s "
              + $"ON t.{key} = s.{key} WHEN MATCHED AND ({IsFree("t")}) THEN UPDATE SET {Take("t", "s.moderator_id", "s.profile_id", "@until", "@why")} "
              + $"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES (s.{key}, {(client ? "s.profile_id, " : "")}s.moderator_id, @now, @until, @why, 1) "
              + "OUTPUT inserted.token, inserted.locked_at, inserted.expires_at;"
            : $"INSERT INTO {table} ({columns}) SELECT {values} {source} ON CONFLICT ({key}) DO UPDATE SET "
              + Take(table, "excluded.moderator_id", "excluded.profile_id", "@until", "@why") + $" WHERE {IsFree(table)} RETURNING token, locked_at, expires_at";
        Extend = Update("expires_at = CASE WHEN expires_at > @until THEN expires_at ELSE @until END",
            "token = @token AND moderator_id = @moderator AND expires_at > @now", "profile_id", "locked_at", "expires_at");
        Release = Update("moderator_id = NULL, expires_at = @now", "token = @token AND moderator_id IS NOT NULL AND expires_at > @now", "profile_id");
        // The token as seen is the whole guard: whatever happened to the hold since then has another one. An ended hold may be moved too.
        Move = $"UPDATE {table} SET moderator_id = @to, {(client ? "profile_id = @profile, " : "")}locked_at = @now, expires_at = @until, {why} = @why, "
            + $"token = token + 1 WHERE {key} = @key AND token = @token";
        // Freed by force: a new token as well, so that the former holder can not go on with the old one.
        ForceFree = $"UPDATE {table} SET moderator_id = NULL, expires_at = @now, token = token + 1 WHERE {key} = @key AND token = @token";
        Tidy = $"UPDATE {table} SET moderator_id = NULL WHERE {key} = @key AND token = @token AND expires_at <= @now";

        string Update(string set, string guard, params string[] returning) => provider == DatabaseProvider.SqlServer
            ? $"UPDATE {table} SET {set} OUTPUT {string.Join(", ", returning.Select(c => "inserted." + c))} WHERE {key} = @key AND {guard}"
            : $"UPDATE {table} SET {set} WHERE {key} = @key AND {guard} RETURNING {string.Join(", ", returning)}";
        string IsFree(string row) => $"{row}.moderator_id IS NULL OR {row}.expires_at <= @now OR {row}.moderator_id = @moderator";
        string Mine(string row) => $"{row}.moderator_id = @moderator AND {row}.expires_at > @now";
        string Take(string row, string moderator, string profile, string until, string reason) =>
            $"{(client ? $"profile_id = {profile}, " : "")}moderator_id = {moderator}, "
            + $"locked_at = CASE WHEN {Mine(row)} THEN {row}.locked_at ELSE @now END, "
            + $"expires_at = CASE WHEN {Mine(row)} AND {row}.expires_at > {until} THEN {row}.expires_at ELSE {until} END, "
            + $"{why} = {reason}, token = {row}.token + CASE WHEN {Mine(row)} THEN 0 ELSE 1 END";
    }

    /// <summary>Insert, or take over what is free, has ended or is the caller's own already. No row: refused. Gives token, locked_at, expires_at.</summary>
    public string Acquire { get; }

    /// <summary>Longer, never shorter; only the hold that is named, only while it lasts. Gives profile_id, locked_at, expires_at.</summary>
    public string Extend { get; }

    /// <summary>Only the hold that is named, only while it lasts. Gives profile_id.</summary>
    public string Release { get; }

    /// <summary>Whether somebody asked for the lock and was not answered yet: the only thing a release looks for, so it costs no more than an index.</summary>
    public const string Asked = "SELECT id FROM unlock_requests WHERE kind = @kind AND resource_id = @key AND status = 'Open'";

    /// <summary>To somebody else, as a new hold.</summary>
    public string Move { get; }

    /// <summary>To nobody, by force.</summary>
    public string ForceFree { get; }

    /// <summary>Forgets a holder whose time is over. Changes nothing that anybody decides by.</summary>
    public string Tidy { get; }

    public static LockSql For(DatabaseProvider provider, LockKind kind) => Known[(provider, kind)];

    /// <summary>Every text for the provider, for the check of its syntax.</summary>
    internal static IEnumerable<string> Statements(DatabaseProvider provider) => Enum.GetValues<LockKind>().Select(k => For(provider, k))
        .SelectMany(s => (string[])[s.Acquire, s.Extend, s.Release, s.Move, s.ForceFree, s.Tidy]).Append(Asked);
}
