using System.Text.Json;
using Dispatch.Core.Alerts;
using Dispatch.Core.Audit;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Core.Overview;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Compliance;

/// <summary>Old data goes after its days and nothing else; a contact's data is told and forgotten.</summary>
public abstract class RetentionCompliance(DatabaseProvider provider, PostgresServer postgres) : ComplianceTest(provider, postgres)
{
    private const string Awa = "221775556677";
    private RetentionService Retention => Node.Get<RetentionService>();
    private ContactData Contacts => Node.Get<ContactData>();

    [Fact]
    public async Task Standard_Settings_KeepEverything()
    {
        await HistoryAsync();
        Clock.Advance(TimeSpan.FromDays(4000));
        Assert.All(await Retention.PreviewAsync(new Dictionary<RetentionKind, int>(), Clock.Now), p => Assert.Equal((0, 0L), (p.Days, p.Rows)));
        Assert.False(await Retention.RunOnceAsync(Clock.Now));
        Assert.Equal(4, await Node.ReadAsync(db => db.Messages.CountAsync()));
    }

    [Fact]
    public async Task Run_AfterTheDays_DeletesWhatIsOldAsThePreviewSaid()
    {
        await HistoryAsync();
        Clock.Advance(TimeSpan.FromDays(40));
        var young = await Node.OpenAsync(Profile, "336100", "young");
        await CountAsync();
        foreach (var key in RetentionSettings.Definitions) await Node.Get<SettingsService>().ChangeAsync(key.Key, 30, null);

        var preview = (await Retention.PreviewAsync(new Dictionary<RetentionKind, int>(), Clock.Now)).ToDictionary(p => p.Kind);
        var before = await RowsAsync();
        await AllAsync(Node);
        var after = await RowsAsync();

        // One of the old messages waits for somebody: it is work, not history.
        Assert.Equal(preview[RetentionKind.Messages].Rows - 1, before.Messages - after.Messages);
        // Two of the old events belong to the conversation that is open.
        Assert.Equal(preview[RetentionKind.Events].Rows - 2, before.Events - after.Events);
        Assert.True(preview[RetentionKind.Events].Rows > 5);
        Assert.Equal(["young", "waits"], (await Node.ReadAsync(db => db.Messages.OrderByDescending(m => m.Id).Select(m => m.Text).ToListAsync())));
        Assert.Equal(("young", ""), ((await Node.ConversationAsync(young.Id)).LastMessagePreview, (await Node.ConversationAsync(Profile, "336001")).LastMessagePreview));
        // The trail says what went, the sum is what went, and the counts of the charts keep what was.
        var audit = await Node.ReadAsync(db => db.AuditEntries.Where(e => e.Kind == AuditKind.DataDeleted).ToListAsync());
        Assert.Equal(before.Messages - after.Messages, audit.Where(e => e.Name == "messages").Sum(e => long.Parse(e.After!, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(5L, await Node.ReadAsync(db => db.Rollups.Where(r => r.Series == RollupSeries.Arrivals && r.Grain == RollupGrain.Day).SumAsync(r => r.Amount)));
        // All that is missing of what is consistent are the trails of what was closed.
        await using (var db = Node.Database.Read())
            Assert.All(await Consistency.ViolationsAsync(db), v => Assert.EndsWith("its last event at 0", v, StringComparison.Ordinal));
        Assert.NotEmpty(await Node.EventsAsync(young.Id));
        // Done again there is nothing left to do.
        Assert.False(await Retention.RunOnceAsync(Clock.Now));
        Assert.Equal(after, await RowsAsync());
    }

    [Fact]
    public async Task Run_BeforeTheChartsHaveCounted_Waits()
    {
        await HistoryAsync();
        Clock.Advance(TimeSpan.FromDays(40));
        await Node.Get<SettingsService>().ChangeAsync(RetentionSettings.MessagesKey.Key, 30, null);
        await AllAsync(Node);
        Assert.Equal(4, await Node.ReadAsync(db => db.Messages.CountAsync()));
        // Counted but for the last two.
        await CountAsync();
        await Node.Database.WriteAsync(session => session.Db.RollupCursors.Where(c => c.Source == "messages").ExecuteUpdateAsync(set => set.SetProperty(c => c.Position, c => c.Position - 2)));
        await AllAsync(Node);
        Assert.Equal(2, await Node.ReadAsync(db => db.Messages.CountAsync()));
    }

    [Fact]
    public async Task Run_OnTwoNodesAtOnce_DeletesEachOnce()
    {
        // Room for all, and all closed but one: what is somebody's work is not deleted.
        await Node.AddOnlineAsync("Ana", "Ben", "Cy", "Dia");
        for (var i = 0; i < 31; i++)
        {
            var conversation = await Node.OpenAsync(Profile, $"3361{i:00}");
            if (i > 0) await Node.Orchestrator.CloseAsync(conversation.Id, null, supervisor: true);
        }
        await CountAsync();
        Clock.Advance(TimeSpan.FromDays(40));
        await Node.Get<SettingsService>().ChangeAsync(RetentionSettings.MessagesKey.Key, 30, null);
        await using var other = await Store.StartNodeAsync(Clock, "node-2");
        await AtOnceAsync(() => AllAsync(Node), () => AllAsync(other));
        Assert.Equal(1, await Node.ReadAsync(db => db.Messages.CountAsync()));
        Assert.Equal(30, (await Node.ReadAsync(db => db.AuditEntries.ToListAsync())).Where(e => e.Name == "messages").Sum(e => int.Parse(e.After!, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Contact_ExportedThenErased_IsToldWholeAndForgottenWithProof()
    {
        var admin = (await Node.AddOnlineAsync("Ana"))[0];
        var conversation = await Node.OpenAsync(Profile, Awa, "my secret address is 12 rue X");
        await Node.Orchestrator.ReplyAsync(conversation.Id, admin, "noted", "k1");
        await Node.Sender.SendAsync((await Node.ThreadAsync(conversation.Id))[^1].Id);
        var booking = await Node.Get<BookingService>().CreateAsync(new NewBooking
            { CustomerName = "Awa Diop", CustomerPhone = "+" + Awa, PickupAddress = "12 rue X", DropAddress = "Airport", PickupTime = Clock.Now.AddHours(1) });
        var contact = Assert.Single(await Contacts.FindAsync("+221 77 555"));
        Assert.Equal(conversation.ContactId, contact.Id);
        await Node.OpenAsync(Profile, "336777", "somebody else");

        Assert.Equal(ErasureResult.OpenConversation, (await Contacts.EraseAsync(contact.Id, admin)).Result);
        Assert.Equal(Awa, await Node.ReadAsync(db => db.Contacts.Where(c => c.Id == contact.Id).Select(c => c.Address).FirstAsync()));
        await Node.Orchestrator.CloseAsync(conversation.Id, admin);
        Assert.Equal(ErasureResult.OpenBooking, (await Contacts.EraseAsync(contact.Id, admin)).Result);
        await Node.Matching.CancelMatchingAsync(booking.Id, "no");
        Assert.Equal(ErasureResult.MessageLeaving, (await Contacts.EraseAsync(contact.Id, admin)).Result);
        await Node.Get<ServiceMessageSender>().RunOnceAsync(Clock.Now);

        var bytes = (await Contacts.ExportAsync(contact.Id, admin))!;
        var export = JsonDocument.Parse(bytes).RootElement;
        Assert.Equal(Awa, export.GetProperty("address").GetString());
        Assert.Equal(["my secret address is 12 rue X", "noted"], export.GetProperty("conversations")[0].GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("text").GetString()));
        Assert.Equal("12 rue X", export.GetProperty("bookings")[0].GetProperty("pickupAddress").GetString());

        var erased = await Contacts.EraseAsync(contact.Id, admin);
        Assert.Equal(ErasureResult.Done, erased.Result);
        // The proof: the hash of what was exported, and nothing of it.
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), erased.Hash);
        var audit = await Node.ReadAsync(db => db.AuditEntries.Where(e => e.Subject == AuditSubject.Contact).OrderBy(e => e.Id).ToListAsync());
        Assert.Equal([(AuditKind.ContactExported, erased.Hash, admin), (AuditKind.ContactErased, erased.Hash, admin)], audit.Select(e => (e.Kind, e.Hash, e.ActorId!.Value)));
        await AssertNowhereAsync(Awa, "secret", "12 rue X", "Awa Diop", "noted");
        Assert.Equal("somebody else", (await Node.ThreadAsync((await Node.ConversationAsync(Profile, "336777")).Id))[0].Text);
        // Nobody is erased twice, and who writes again is somebody new.
        Assert.Equal(ErasureResult.NotFound, (await Contacts.EraseAsync(contact.Id, admin)).Result);
        Assert.NotEqual(contact.Id, (await Node.OpenAsync(Profile, Awa, "hello again")).ContactId);
        await Node.AssertConsistentAsync();
    }

    [Fact]
    public async Task Customer_WhoNeverWrote_IsFoundByNumberAndForgotten()
    {
        var booking = await Node.Get<BookingService>().CreateAsync(new NewBooking
            { CustomerName = "Awa Diop", CustomerPhone = "+" + Awa, PickupAddress = "12 rue X", DropAddress = "Airport", PickupTime = Clock.Now.AddHours(1) });
        await Node.Matching.CancelMatchingAsync(booking.Id, "no");
        await Node.Get<ServiceMessageSender>().RunOnceAsync(Clock.Now);

        // Asked by several at once, he is one.
        await AtOnceAsync(Enumerable.Range(0, 4).Select(_ => (Func<Task<IReadOnlyList<ContactHit>>>)(() => Contacts.FindAsync("+221 77 555"))).ToArray());
        var hit = Assert.Single(await Contacts.FindAsync("+221 77 555"));

        Assert.Equal(("Awa Diop", Awa, 0), (hit.Name, hit.Address, hit.Conversations));
        Assert.Equal(hit.Id, Assert.Single(await Contacts.FindAsync("AWA d")).Id);
        Assert.Contains("12 rue X", System.Text.Encoding.UTF8.GetString((await Contacts.ExportAsync(hit.Id, null))!), StringComparison.Ordinal);
        Assert.Equal(ErasureResult.Done, (await Contacts.EraseAsync(hit.Id, null)).Result);
        await AssertNowhereAsync(Awa, "12 rue X", "Awa Diop");
        Assert.Empty(await Contacts.FindAsync("+221 77 555"));
    }

    [Fact]
    public async Task Erase_WhileHeWrites_NeverLosesAConversation()
    {
        await Node.AddOnlineAsync("Ana");
        for (var round = 0; round < 25; round++)
        {
            var address = $"33690{round:00}";
            var conversation = await Node.OpenAsync(Profile, address, "first");
            await Node.Orchestrator.CloseAsync(conversation.Id, null, supervisor: true);
            var erasing = Task.Run(() => Contacts.EraseAsync(conversation.ContactId, null));
            await Node.ReceiveAsync(Profile, address, "second");
            var result = (await erasing.InTime()).Result;
            // Either he was first and is somebody new now, or he was not erased: his second word is in an open conversation of his.
            Assert.True(result is ErasureResult.Done or ErasureResult.OpenConversation, result.ToString());
            Assert.Equal(address, await Node.ReadAsync(db => db.Conversations.Where(c => c.Status != ConversationStatus.Closed)
                .Join(db.Contacts, c => c.ContactId, p => p.Id, (c, p) => p).OrderByDescending(p => p.Id).Select(p => p.Address).FirstAsync(a => a == address || a.StartsWith("erased"))));
            Assert.Equal(1, await Node.ReadAsync(db => db.Messages.CountAsync(m => m.Text == "second" && db.Conversations.Any(c => c.Id == m.ConversationId && c.Status != ConversationStatus.Closed))) - round);
        }
    }

    [Fact]
    public async Task Run_OverAlerts_KeepsTheOpenTheUntoldAndWhatIsStillSeen()
    {
        var (old, now) = (Clock.Now, Clock.Now.AddDays(40));
        Alert Make(string key, AlertKind kind, DateTime? ended, DateTime? told, DateTime seen, bool putAway = false) => new()
        {
            DedupeKey = key, Kind = kind, Severity = AlertSeverity.Warning, FirstSeenAt = old, LastSeenAt = seen, ResolvedAt = ended, ClosedToldAt = told, PutAway = putAway, HushedAt = putAway ? ended : null,
        };
        await Node.Database.WriteAsync(session =>
        {
            session.Db.Alerts.AddRange(
                Make("open", AlertKind.BrokerDown, null, null, old),
                Make("untold", AlertKind.BrokerDown, old, null, old),
                Make("over", AlertKind.BrokerDown, old, old, old),
                // Nobody looks whether the cause of these lasts: nothing takes the mark off them.
                Make("put away", AlertKind.BookingTimeout, old, old, old, putAway: true),
                Make("lasts", AlertKind.ActionsLate, old, old, now.AddMinutes(-1), putAway: true),
                Make("young", AlertKind.BrokerDown, now.AddDays(-1), now.AddDays(-1), now.AddDays(-1)));
            return session.Db.SaveChangesAsync();
        });
        Clock.Advance(TimeSpan.FromDays(40));
        await Node.Get<SettingsService>().ChangeAsync(RetentionSettings.LogsKey.Key, 30, null);

        await AllAsync(Node);

        Assert.Equal(["lasts", "open", "untold", "young"], await Node.ReadAsync(db => db.Alerts.OrderBy(a => a.DedupeKey).Select(a => a.DedupeKey).ToListAsync()));
    }

    /// <summary>Three that were closed, and one that waits because nobody may serve its profile.</summary>
    private async Task HistoryAsync()
    {
        var people = await Node.AddOnlineAsync("Ana");
        foreach (var address in new[] { "336001", "336002", "336003" })
        {
            var conversation = await Node.OpenAsync(Profile, address, "old");
            await Node.Orchestrator.CloseAsync(conversation.Id, people[0]);
        }
        var closed = await Node.AddProfileAsync("nobody");
        await Node.Database.WriteAsync(session => session.Db.Profiles.Where(p => p.Id == closed.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Restricted, true)));
        await Node.ReceiveAsync(closed, "336004", "waits");
    }

    private Task CountAsync() => RollupCompliance.CountAllAsync(Node, Clock.Now);

    private async Task<bool> AllAsync(DispatcherFixture node)
    {
        while (await node.Get<RetentionService>().RunOnceAsync(Clock.Now))
        {
        }
        return true;
    }

    private Task<(long Messages, long Events)> RowsAsync() => Node.ReadAsync(async db => (
        await db.Messages.LongCountAsync() + await db.ServiceMessages.LongCountAsync(),
        await db.ConversationEvents.LongCountAsync() + await db.BookingEvents.LongCountAsync() + await db.NumberEvents.LongCountAsync()));

    /// <summary>No text column of any table holds one of these.</summary>
    private async Task AssertNowhereAsync(params string[] words)
    {
        await using var db = Store.Open();
        var found = new List<string>();
        foreach (var entity in db.Model.GetEntityTypes().Where(e => e.GetTableName() is not null))
        {
            foreach (var column in entity.GetProperties().Where(p => p.ClrType == typeof(string)))
            {
                foreach (var word in words)
                {
                    var sql = $"SELECT COUNT(*) AS \"Value\" FROM \"{entity.GetTableName()}\" WHERE \"{column.GetColumnName()}\" LIKE '%{word}%'";
                    if ((await db.Database.SqlQueryRaw<long>(sql).ToListAsync())[0] > 0) found.Add($"{entity.GetTableName()}.{column.GetColumnName()}: {word}");
                }
            }
        }
        Assert.Empty(found);
    }
}

public sealed class SqliteRetentionTests(PostgresServer postgres) : RetentionCompliance(DatabaseProvider.Sqlite, postgres);

public sealed class PostgresRetentionTests(PostgresServer postgres) : RetentionCompliance(DatabaseProvider.PostgreSql, postgres);
