using System.Data.Common;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

public sealed class ConstraintsOnSqlite(PostgresServer postgres) : ConstraintCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class ConstraintsOnPostgres(PostgresServer postgres) : ConstraintCompliance(DatabaseProvider.PostgreSql, postgres);

/// <summary>Tries to break the invariants behind the back of the code: the database has to refuse by itself. And what a commit means.</summary>
public abstract class ConstraintCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    [Fact]
    public async Task SecondOpenConversation_OfTheSameContact_IsRefused()
    {
        var open = await Node.OpenAsync(Profile, "33600");
        const string copy = "INSERT INTO conversations (profile_id, contact_id, status, owner_version, opened_at, last_message_at, last_message_preview, "
            + "last_message_direction, unread_count) SELECT profile_id, contact_id, {0}, 0, opened_at, last_message_at, '', 'In', 0 FROM conversations WHERE id = {1}";

        var refused = await RefusedAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, copy, "'Pending'", open.Id));

        Assert.True(DatabaseErrors.IsDuplicateKey(refused));
        await ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, copy, "'Closed'", open.Id));
    }

    [Theory]
    [InlineData("UPDATE conversations SET owner_id = 1 WHERE status = 'Pending'")]
    [InlineData("UPDATE conversations SET status = 'Assigned' WHERE status = 'Pending'")]
    [InlineData("UPDATE conversations SET status = 'AssignedOffline' WHERE status = 'Pending'")]
    [InlineData("UPDATE conversations SET status = 'Closed', owner_id = 1 WHERE status = 'Pending'")]
    public async Task OwnerAndStatus_Contradicting_AreRefused(string sql)
    {
        await Node.OpenAsync(Profile, "33600");

        Assert.False(DatabaseErrors.IsDuplicateKey(await RefusedAsync(sql)));
    }

    [Fact]
    public async Task OwnerTaken_WithoutOwner_IsRefused()
    {
        await Node.AddOnlineAsync("Ana");
        await Node.OpenAsync(Profile, "33600");

        await RefusedAsync("UPDATE conversations SET owner_id = NULL WHERE status = 'Assigned'");
    }

    [Fact]
    public async Task Load_BelowZero_IsRefused()
    {
        await Node.AddModeratorAsync("Ana");

        await RefusedAsync("UPDATE moderators SET open_count = open_count - 1");
    }

    [Fact]
    public async Task Message_StoredTwice_IsRefused()
    {
        await Node.ReceiveAsync(Profile, "33600", id: "once");

        var refused = await RefusedAsync("INSERT INTO messages (conversation_id, channel_id, provider_message_id, direction, type, text, at, stored_at, status, status_at) "
            + "SELECT conversation_id, channel_id, provider_message_id, direction, type, text, at, stored_at, status, status_at FROM messages");

        Assert.True(DatabaseErrors.IsDuplicateKey(refused));
    }

    [Fact]
    public async Task Effect_SecondMessageForItsKey_IsRefused()
    {
        var people = await Node.AddOnlineAsync("Ana");
        var conversation = await Node.OpenAsync(Profile, "33600");
        await Node.Orchestrator.ReplyAsync(conversation.Id, people[0], "hello", "key");

        var refused = await RefusedAsync("INSERT INTO messages (conversation_id, channel_id, effect_key, direction, type, text, at, stored_at, status, status_at) "
            + "SELECT conversation_id, channel_id, effect_key, direction, type, text, at, stored_at, status, status_at FROM messages WHERE effect_key IS NOT NULL");

        Assert.True(DatabaseErrors.IsDuplicateKey(refused));
    }

    [Theory]
    [InlineData("INSERT INTO messages (conversation_id, channel_id, direction, type, text, at, stored_at, status, status_at) SELECT 999, channel_id, direction, type, text, at, stored_at, status, status_at FROM messages")]
    [InlineData("DELETE FROM conversations")]
    [InlineData("DELETE FROM messages")]
    public async Task References_Dangling_AreRefused(string sql)
    {
        await Node.OpenAsync(Profile, "33600");

        await RefusedAsync(sql);
    }

    [Fact]
    public async Task Write_ThatFails_LeavesNothingAndTellsNobody()
    {
        using var live = Node.Live.Subscribe(Topics.Board);

        await Assert.ThrowsAsync<InvalidDataException>(() => Node.Database.WriteAsync(async session =>
        {
            await session.ExecuteAsync("UPDATE profiles SET name = @n", ("n", "changed"));
            session.Publish(Topics.Board, "never", 1);
            session.AfterCommit(() => Assert.Fail("not committed"));
            throw new InvalidDataException();
        }));

        await Node.Database.WriteAsync(session => { session.Publish(Topics.Board, "after", 2); return Task.CompletedTask; });
        Assert.Equal("main", await Node.ReadAsync(db => db.Profiles.Select(p => p.Name).SingleAsync()));
        Assert.Equal([new LiveEvent(Topics.Board, "after", 2)], await NextAsync(live));
    }

    [Fact]
    public async Task Writes_InOneGroup_FailAlone()
    {
        using var hold = new SemaphoreSlim(0);
        var first = Node.Database.WriteAsync(async _ => { await hold.WaitAsync(); return true; });
        var rest = Enumerable.Range(0, 20).Select(i => Node.Database.WriteAsync(async session =>
        {
            await session.ExecuteAsync("INSERT INTO contacts (address, name, created_at) VALUES (@a, '', @t)", ("a", $"c{i}"), ("t", Clock.Now));
            // Every third one asks for what the database refuses, so the statement itself fails in the middle of the shared transaction.
            if (i % 3 == 0) await session.ExecuteAsync("INSERT INTO contacts (address, name, created_at) VALUES (@a, '', @t)", ("a", $"c{i}"), ("t", Clock.Now));
            return i;
        })).ToList();
        hold.Release();
        await first;
        await Task.WhenAll(rest.Select(async r => { try { await r; } catch (DbException) { /* every third; asserted below */ } })).InTime();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => i % 3 == 0), rest.Select(r => r.IsFaulted));
        var stored = await Node.ReadAsync(db => db.Contacts.Select(c => c.Address).ToListAsync());
        Assert.Equal(Enumerable.Range(0, 20).Where(i => i % 3 != 0).Select(i => $"c{i}").Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Write_InsideAWrite_IsRefused() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => Node.Database.WriteAsync(_ => Node.Database.WriteAsync(_ => Task.CompletedTask))).InTime();

    [Fact]
    public async Task Events_OfAnAssignment_ReachWhomItConcernsAndAreCommitted()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        using var ana = Node.Live.Subscribe(Topics.Moderator(people[0]));
        using var ben = Node.Live.Subscribe(Topics.Moderator(people[1]));
        using var queue = Node.Live.Subscribe(Topics.Queue);

        var conversation = await Node.OpenAsync(Profile, "33600");

        Assert.Contains(new LiveEvent(Topics.Moderator(people[0]), EventNames.Assigned, conversation.Id), await NextAsync(ana));
        Assert.Equal(people[0], (await Node.ConversationAsync(conversation.Id)).OwnerId);
        Assert.Contains(await NextAsync(queue), e => e is { Name: EventNames.QueuePositionChanged } && e.Id == people[0]);
        await Node.Orchestrator.TransferAsync(conversation.Id, people[0], people[1]);
        Assert.Equal([new LiveEvent(Topics.Moderator(people[1]), EventNames.Assigned, conversation.Id)], await NextAsync(ben));
        Assert.Contains(new LiveEvent(Topics.Moderator(people[0]), EventNames.Unassigned, conversation.Id), await NextAsync(ana));
    }

    [Fact]
    public async Task Events_OfALostClaim_AreNotSent()
    {
        var people = await Node.AddOnlineAsync("Ana", "Ben");
        var conversation = await Node.OpenAsync(Profile, "33600");
        using var live = Node.Live.Subscribe(Topics.Board, Topics.Moderator(people[1]), Topics.Conversation(conversation.Id));
        await Node.Orchestrator.TakeAsync(conversation.Id, people[1]);

        await Node.Database.WriteAsync(session => { session.Publish(Topics.Board, "after", 2); return Task.CompletedTask; });

        Assert.Equal([new LiveEvent(Topics.Board, "after", 2)], await NextAsync(live));
    }

    [Fact]
    public async Task Events_OfParkingAndPresence_ReachTheirTopics()
    {
        using var live = Node.Live.Subscribe(Topics.Waiting, Topics.Board);
        var conversation = await Node.OpenAsync(Profile, "33600");
        Assert.Contains(new LiveEvent(Topics.Waiting, EventNames.Parked, conversation.Id), await NextAsync(live));

        var people = await Node.AddOnlineAsync("Ana");
        Assert.Contains(new LiveEvent(Topics.Board, EventNames.PresenceChanged, people[0]), await NextAsync(live));
    }

    private static async Task<IReadOnlySet<LiveEvent>> NextAsync(LiveSubscription live)
    {
        await using var reader = live.ReadAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync().AsTask().InTime());
        return reader.Current;
    }

    private async Task<DbException> RefusedAsync(string sql) => await Assert.ThrowsAnyAsync<DbException>(() => ExecuteAsync(sql));

    private async Task ExecuteAsync(string sql)
    {
        await using var db = Store.Open();
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
    }
}
