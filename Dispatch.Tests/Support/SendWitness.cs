using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Support;

/// <summary>
/// Looks over the shoulder of everything that sends and locks: triggers in the database itself write down, in the very transaction that stores an answer, who
/// had the conversation and who had the contact, and every step of every lock. What was written is judged afterwards, without a line of Dispatch's own code.
/// </summary>
public static class SendWitness
{
    private const string Seen =
        "INSERT INTO witness_sends (message_id, sender_id, owner_id, holder_id, token, stored_at, expires_at) "
        + "SELECT NEW.id, NEW.sender_id, c.owner_id, l.moderator_id, l.token, NEW.stored_at, l.expires_at "
        + "FROM conversations c LEFT JOIN client_locks l ON l.client_id = c.contact_id WHERE c.id = NEW.conversation_id; ";

    private const string Step =
        "INSERT INTO witness_locks (client_id, moderator_id, token, locked_at, expires_at) "
        + "VALUES (NEW.client_id, NEW.moderator_id, NEW.token, NEW.locked_at, NEW.expires_at); ";

    private static readonly string[] Sqlite =
    [
        "CREATE TABLE witness_sends (message_id INTEGER PRIMARY KEY, sender_id INTEGER, owner_id INTEGER, holder_id INTEGER, token INTEGER, stored_at TEXT, expires_at TEXT)",
        "CREATE TABLE witness_locks (seq INTEGER PRIMARY KEY, client_id INTEGER, moderator_id INTEGER, token INTEGER, locked_at TEXT, expires_at TEXT)",
        $"CREATE TRIGGER witness_send AFTER INSERT ON messages WHEN NEW.direction = 'Out' BEGIN {Seen}END",
        $"CREATE TRIGGER witness_lock AFTER INSERT ON client_locks BEGIN {Step}END",
        $"CREATE TRIGGER witness_relock AFTER UPDATE ON client_locks BEGIN {Step}END",
    ];

    private static readonly string[] Postgres =
    [
        "CREATE TABLE witness_sends (message_id bigint PRIMARY KEY, sender_id bigint, owner_id bigint, holder_id bigint, token bigint, stored_at timestamptz, expires_at timestamptz)",
        "CREATE TABLE witness_locks (seq bigserial PRIMARY KEY, client_id bigint, moderator_id bigint, token bigint, locked_at timestamptz, expires_at timestamptz)",
        $"CREATE FUNCTION witness_send() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {Seen}RETURN NULL; END $$",
        $"CREATE FUNCTION witness_lock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {Step}RETURN NULL; END $$",
        "CREATE TRIGGER witness_send AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.direction = 'Out') EXECUTE FUNCTION witness_send()",
        "CREATE TRIGGER witness_lock AFTER INSERT OR UPDATE ON client_locks FOR EACH ROW EXECUTE FUNCTION witness_lock()",
    ];

    public sealed record Send(long MessageId, long? SenderId, long? OwnerId, long? HolderId, long? Token, DateTime StoredAt, DateTime? ExpiresAt);

    public sealed record LockStep(long Seq, long ClientId, long? ModeratorId, long Token, DateTime LockedAt, DateTime ExpiresAt);

    public static async Task InstallAsync(DispatcherFixture node)
    {
        await using var db = node.Database.Read();
        // CREATE TRIGGER knows no parameters; these texts are constants of this file.
        foreach (var sql in node.Database.Provider == DatabaseProvider.Sqlite ? Sqlite : Postgres) await db.Database.ExecuteSqlRawAsync(sql.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
    }

    public static Task<List<Send>> SendsAsync(DispatcherFixture node) => node.ReadAsync(db => db.Database.SqlQueryRaw<Send>(
        "SELECT message_id AS \"MessageId\", sender_id AS \"SenderId\", owner_id AS \"OwnerId\", holder_id AS \"HolderId\", token AS \"Token\", stored_at AS \"StoredAt\", expires_at AS \"ExpiresAt\" "
        + "FROM witness_sends ORDER BY message_id").ToListAsync());

    /// <summary>One line per answer that was stored by somebody who had not both the conversation and the contact at that moment.</summary>
    /// <param name="shown">The token that was shown with a message, where one was.</param>
    public static async Task<List<string>> WrongSendsAsync(DispatcherFixture node, IReadOnlyDictionary<long, long>? shown = null)
    {
        var found = new List<string>();
        foreach (var send in await SendsAsync(node))
        {
            if (send.SenderId is null || send.SenderId != send.OwnerId) found.Add($"{send}: not by the owner");
            else if (send.HolderId != send.SenderId || send.ExpiresAt <= send.StoredAt) found.Add($"{send}: without the lock");
            else if (shown?.GetValueOrDefault(send.MessageId, send.Token!.Value) != send.Token && shown is not null) found.Add($"{send}: with the stale token {shown[send.MessageId]}");
        }
        return found;
    }

    /// <summary>One line per lock that went from one person to another while it lasted, without anybody having asked for it, or whose token did not grow.</summary>
    public static async Task<List<string>> WrongLocksAsync(DispatcherFixture node)
    {
        var steps = await node.ReadAsync(db => db.Database.SqlQueryRaw<LockStep>(
            "SELECT seq AS \"Seq\", client_id AS \"ClientId\", moderator_id AS \"ModeratorId\", token AS \"Token\", locked_at AS \"LockedAt\", expires_at AS \"ExpiresAt\" FROM witness_locks").ToListAsync());
        var given = (await node.ReadAsync(db => db.UnlockRequests
                .Where(r => r.Kind == LockKind.Client && r.Status != UnlockStatus.Open && r.Status != UnlockStatus.Kept && r.Status != UnlockStatus.Moot)
                .Select(r => new { r.ResourceId, r.Token }).ToListAsync()))
            .Select(r => (r.ResourceId, r.Token)).ToHashSet();
        var found = new List<string>();
        foreach (var client in steps.OrderBy(s => s.Seq).GroupBy(s => s.ClientId))
        {
            foreach (var (before, after) in client.Zip(client.Skip(1)))
            {
                if (after.Token < before.Token) found.Add($"{after}: the token was {before.Token}");
                if (after.ModeratorId is null || after.ModeratorId == before.ModeratorId) continue;
                if (after.Token == before.Token) found.Add($"{after}: another holder, the same token");
                if (before.ModeratorId is not null && before.ExpiresAt > after.LockedAt && !given.Contains((client.Key, before.Token))) found.Add($"{after}: {before.ModeratorId} held it until {before.ExpiresAt:O}");
            }
        }
        return found;
    }
}
