using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dispatch.Tests.Conversations;

/// <summary>Every question the screens ask, on a real SQLite file filled through the orchestrator.</summary>
public sealed class ConversationQueriesTests : IAsyncLifetime
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"dispatch-queries-{Guid.NewGuid():N}.db");
    private ServiceProvider _services = null!;
    private long _channel;
    private long _profile;
    private long _restricted;
    private long _awa;
    private long _moussa;
    private int _sent;

    private ConversationQueries Queries => _services.GetRequiredService<ConversationQueries>();
    private DispatcherOrchestrator Orchestrator => _services.GetRequiredService<DispatcherOrchestrator>();

    public async ValueTask InitializeAsync()
    {
        _services = new ServiceCollection().AddLogging().AddOptions().AddDispatchData(new DatabaseOptions { Path = _path }).AddDispatchConversations()
            .BuildServiceProvider();
        await using (var db = _services.GetRequiredService<IDbContextFactory<DispatchDb>>().CreateDbContext()) await db.MigrateWithViewsAsync();
        await _services.GetRequiredService<InboundPipeline>().StartAsync(CancellationToken.None);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await _services.GetRequiredService<Database>().WriteAsync(async session =>
        {
            var channels = new[] { "one", "two" }.Select(k => new Channel { Key = k, StatusSince = now, CreatedAt = now }).ToList();
            session.Db.Channels.AddRange(channels);
            var people = new[] { "Awa Diop", "Moussa Ndiaye" }.Select(n => new AppUser { UserName = n, DisplayName = n }).ToList();
            session.Db.Users.AddRange(people);
            await session.Db.SaveChangesAsync();
            var open = new Profile { Name = "Boutique", ChannelId = channels[0].Id, CreatedAt = now };
            var closed = new Profile { Name = "VIP", ChannelId = channels[1].Id, CreatedAt = now, Restricted = true };
            session.Db.Profiles.AddRange(open, closed);
            session.Db.Moderators.AddRange(people.Select(p => new Moderator { Id = p.Id, Name = p.DisplayName, StateSince = now, MaxConversations = 2 }));
            await session.Db.SaveChangesAsync();
            (_channel, _profile, _restricted, _awa, _moussa) = (channels[0].Id, open.Id, closed.Id, people[0].Id, people[1].Id);
        });
    }

    [Fact]
    public async Task Mine_UnansweredFirst_AndSearchFindsNameNumberAndText()
    {
        await Orchestrator.HandleUserConnectedAsync(_awa, "c", "node");
        await WriteAsync("221770000001", "Khady", "where is my parcel");
        await WriteAsync("221770000002", "Ousmane", "hello");
        var first = (await Queries.MineAsync(_awa))[0];
        Assert.Equal("Khady", first.Title);
        await Orchestrator.ReplyAsync(first.Id, _awa, "on its way");

        Assert.Equal(["Ousmane", "Khady"], (await Queries.MineAsync(_awa)).Select(r => r.Title));
        Assert.Equal("Khady", Assert.Single(await Queries.MineAsync(_awa, search: "KHA")).Title);
        Assert.Equal("Ousmane", Assert.Single(await Queries.MineAsync(_awa, search: "+221 77 000 00 02")).Title);
        Assert.Equal("Khady", Assert.Single(await Queries.MineAsync(_awa, search: "on its way")).Title);
        Assert.Empty(await Queries.MineAsync(_awa, search: "100%"));
        Assert.Equal("Ousmane", Assert.Single(await Queries.MineAsync(_awa, InboxFilter.Waiting)).Title);
        Assert.Equal("Ousmane", Assert.Single(await Queries.MineAsync(_awa, InboxFilter.Unread)).Title);
    }

    [Fact]
    public async Task Waiting_OneRowPerConversation_OldestFirst_OnlyProfilesOneMayServe()
    {
        await Orchestrator.HandleUserConnectedAsync(_awa, "c", "node");
        foreach (var i in Enumerable.Range(1, 4)) await WriteAsync($"22177000000{i}", $"Contact {i}", "hello", "again");
        await WriteAsync(_restricted, "221770000009", "VIP", "hello");

        var mine = await Queries.WaitingAsync(_awa, 0, 50);
        Assert.Equal(["Contact 3", "Contact 4"], mine.Items.Select(w => w.Title));
        Assert.Equal(2, mine.Total);
        Assert.All(mine.Items, w => Assert.Equal(2, w.Messages));
        Assert.Equal(DecisionReason.EveryoneAtCapacity, mine.Items[0].Reason);
        var all = await Queries.WaitingAsync(null, 1, 1);
        Assert.Equal(3, all.Total);
        Assert.Equal("Contact 4", Assert.Single(all.Items).Title);
        var counts = await Queries.WaitingCountsAsync();
        Assert.Equal(3, counts.Waiting);
        Assert.Equal(mine.Items[0].Since, counts.Oldest);
    }

    [Fact]
    public async Task FindFor_ShowsAModeratorWhatIsHisAndNothingElse()
    {
        await Orchestrator.HandleUserConnectedAsync(_awa, "a", "node");
        await WriteAsync("221770000001", "Khady", "hello");
        var id = (await Queries.MineAsync(_awa))[0].Id;
        Assert.NotNull(await Queries.FindForAsync(id, _awa));
        Assert.Null(await Queries.FindForAsync(id, _moussa));
        Assert.NotNull(await Queries.FindAsync(id));

        await Orchestrator.HandleUserConnectedAsync(_moussa, "m", "node");
        Assert.True((await Orchestrator.TransferAsync(id, _awa, _moussa, "knows her")).Succeeded);
        Assert.Null(await Queries.FindForAsync(id, _awa));
        var last = await Queries.LastChangeAsync(id);
        Assert.Equal((ClaimCause.Transfer, "Awa Diop", "Moussa Ndiaye", "knows her"), (last!.Cause, last.Actor, last.To, last.Note));

        await Orchestrator.CloseAsync(id, _moussa);
        Assert.NotNull(await Queries.FindForAsync(id, _moussa));
        Assert.Null(await Queries.FindForAsync(id, _awa));
    }

    [Fact]
    public async Task Thread_PagesBackwardsWithoutGapOrDouble_AndWhyNamesTheCandidates()
    {
        await Orchestrator.HandleUserConnectedAsync(_awa, "a", "node");
        await WriteAsync("221770000001", "Khady", [.. Enumerable.Range(1, 120).Select(i => $"m{i}")]);
        var id = (await Queries.MineAsync(_awa))[0].Id;

        var page = await Queries.ThreadAsync(id);
        Assert.Equal("m120", page.Messages[^1].Text);
        Assert.True(page.HasOlder);
        while (page.HasOlder) page = page.WithOlder(await Queries.ThreadAsync(id, page.Messages[0].Id));
        Assert.Equal(Enumerable.Range(1, 120).Select(i => $"m{i}"), page.Messages.Select(m => m.Text));
        Assert.Equal([ConversationEventKind.Opened, ConversationEventKind.Assigned], page.Events.Select(e => e.Kind));
        Assert.Equal(120, (await Queries.ThreadFromAsync(id, page.Messages[0].Id)).Messages.Count);

        var why = await Queries.WhyAsync(id);
        Assert.Equal(DecisionReason.RoundRobin, why!.Event.Reason);
        Assert.Equal((Verdict.Chosen, Verdict.NotPresent), (why.Candidates[0].Verdict, why.Candidates[1].Verdict));
        var contact = await Queries.ContactAsync(id);
        Assert.Equal(("+221770000001", 1), (ContactNames.Number(contact!.Address), contact.Conversations));
    }

    [Fact]
    public async Task All_FiltersAndPages_AndTheBoardShowsWhoHasWhat()
    {
        await Orchestrator.HandleUserConnectedAsync(_awa, "a", "node");
        foreach (var i in Enumerable.Range(1, 4)) await WriteAsync($"22177000000{i}", $"Contact {i}", "hello");

        Assert.Equal(4, (await Queries.AllAsync(new ConversationFilter(), 0, 50)).Total);
        Assert.Equal(["Contact 4", "Contact 3"], (await Queries.AllAsync(new ConversationFilter(Status: ConversationStatus.Pending), 0, 50)).Items.Select(c => c.Title));
        Assert.Equal(2, (await Queries.AllAsync(new ConversationFilter(ModeratorId: _awa), 0, 1)).Total);
        Assert.Single((await Queries.AllAsync(new ConversationFilter(ProfileId: _profile, Open: true), 3, 50)).Items);
        Assert.Equal(0, (await Queries.AllAsync(new ConversationFilter(Open: false), 0, 50)).Total);
        Assert.Equal(1, (await Queries.AllAsync(new ConversationFilter(Search: "contact 2"), 0, 50)).Total);

        var board = await Queries.BoardAsync();
        Assert.Equal(["Awa Diop", "Moussa Ndiaye"], board.Select(c => c.Name));
        Assert.Equal(2, board[0].Conversations.Count);
        var colleagues = await Queries.ColleaguesAsync(_profile, _moussa);
        Assert.False(Assert.Single(colleagues).CanTake);
        Assert.All(await Queries.ColleaguesAsync(_restricted, null), c => Assert.False(c.Allowed));
        var me = _services.GetRequiredService<ModeratorQueries>();
        var queue = await me.QueueAsync(_awa);
        Assert.Equal((1, 1, true, null), (queue.Position, queue.Of, queue.IsFull, queue.Wait));
        Assert.Null((await me.QueueAsync(_moussa)).Position);
    }

    private Task WriteAsync(string address, string name, params string[] texts) => WriteAsync(_profile, address, name, texts);

    private Task WriteAsync(long profile, string address, string name, params string[] texts)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return Orchestrator.HandleIncomingMessageAsync(new InboundBatch(
            _channel, profile, [.. texts.Select(t => new InboundMessage($"p{++_sent}", address, name, "text", t, now))], []));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.GetRequiredService<InboundPipeline>().StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        SqliteConnection.ClearAllPools();
        foreach (var suffix in new[] { "", "-wal", "-shm" }) File.Delete(_path + suffix);
    }
}
