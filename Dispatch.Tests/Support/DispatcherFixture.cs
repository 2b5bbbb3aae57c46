using Dispatch.Core.Audit;
using Dispatch.Core.Broker;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Health;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Outreach;
using Dispatch.Core.Numbers;
using Dispatch.Core.Overview;
using Dispatch.Core.People;
using Dispatch.Core.Profiles;
using Dispatch.Core.Reporting;
using Dispatch.Core.Retention;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Support;

/// <summary>
/// The dispatching services of one process over a <see cref="TestDatabase"/>. Only the inbound pipeline runs by itself; the other loops are
/// asked by the test (<see cref="DrainAsync"/>, <see cref="EndGraceAsync"/>, <see cref="OutboundSender.SendAsync"/>), so nothing depends on when they wake.
/// </summary>
public sealed class DispatcherFixture : IAsyncDisposable
{
    private static int s_message;
    private static int s_connection;

    private readonly ServiceProvider _services;

    private DispatcherFixture(ServiceProvider services, FakeClock clock, RecordingGateway gateway, RecordingLogs logs, string node)
    {
        _services = services;
        Clock = clock;
        Gateway = gateway;
        Logs = logs;
        Node = node;
    }

    public FakeClock Clock { get; }
    public RecordingGateway Gateway { get; }
    public RecordingLogs Logs { get; }
    public string Node { get; }
    public DispatcherOrchestrator Orchestrator => Get<DispatcherOrchestrator>();
    public Database Database => Get<Database>();
    public LiveHub Live => Get<LiveHub>();
    public OutboundSender Sender => Get<OutboundSender>();
    public RoundRobin Queue => Get<RoundRobin>();
    public ConversationOptions Options => Get<IOptions<ConversationOptions>>().Value;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public MatchingService Matching => Get<MatchingService>();
    public MatchingSettings MatchingSettings => Get<IOptions<MatchingSettings>>().Value;

    public static async Task<DispatcherFixture> StartAsync(TestDatabase database, FakeClock clock, string node, Action<ILoggingBuilder>? logging = null)
    {
        var gateway = new RecordingGateway(node == "node-1" ? "sent" : node);
        var logs = new RecordingLogs();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddSingleton<IMessageGateway>(gateway).AddSingleton<IInvitationGateway>(gateway)
            .AddLogging(b => { b.AddProvider(logs); logging?.Invoke(b); }).Configure<NodeOptions>(o => o.Name = node)
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider())
            .AddDispatchData(database.Options).AddDispatchConversations().AddDispatchMatching().AddDispatchBroker().AddDispatchNumbers().AddDispatchOutreach().AddDispatchOverview().AddDispatchAudit().AddDispatchRetention().AddDispatchReports().AddDispatchWatch()
            .BuildServiceProvider();
        var fixture = new DispatcherFixture(services, clock, gateway, logs, node);
        await fixture.Get<InboundPipeline>().StartAsync(CancellationToken.None);
        return fixture;
    }

    public async Task<Profile> AddProfileAsync(string key = "main", params long[] onlyFor)
    {
        await using var db = Database.Read();
        var channel = new Channel { Key = key, Provider = ChannelProvider.Simulator, StatusSince = Clock.Now, CreatedAt = Clock.Now };
        db.Channels.Add(channel);
        await db.SaveChangesAsync();
        var profile = new Profile { Name = key, ChannelId = channel.Id, Restricted = onlyFor.Length > 0, CreatedAt = Clock.Now };
        db.Profiles.Add(profile);
        await db.SaveChangesAsync();
        db.ProfileModerators.AddRange(onlyFor.Select(id => new ProfileModerator { ProfileId = profile.Id, ModeratorId = id }));
        await db.SaveChangesAsync();
        return profile;
    }

    /// <summary>A profile that one person holds at a time.</summary>
    public async Task<Profile> AddExclusiveAsync(string key, params long[] onlyFor)
    {
        var profile = await AddProfileAsync(key, onlyFor);
        await using var db = Database.Read();
        await db.Profiles.Where(p => p.Id == profile.Id).ExecuteUpdateAsync(set => set.SetProperty(p => p.Mode, ProfileMode.Exclusive));
        return await db.Profiles.FirstAsync(p => p.Id == profile.Id);
    }

    /// <summary>One pass of rotation, as its loop makes it when woken.</summary>
    public Task<RotationResult> RotateAsync() => Get<ProfileRotation>().RunOnceAsync(Clock.Now).InTime();

    public Task<long?> HolderAsync(long profileId) => ReadAsync(db => db.Profiles.Where(p => p.Id == profileId).Select(p => p.HolderId).FirstAsync());

    public async Task<long> AddModeratorAsync(string name, int max = 8, int priority = 0)
    {
        await using var db = Database.Read();
        var user = new AppUser { UserName = name, NormalizedUserName = name.ToUpperInvariant(), DisplayName = name, CreatedAt = Clock.Now };
        db.Users.Add(user);
        await db.SaveChangesAsync();
        db.Moderators.Add(new Moderator { Id = user.Id, Name = name, MaxConversations = max, Priority = priority, StateSince = Clock.Now });
        await db.SaveChangesAsync();
        return user.Id;
    }

    /// <summary>Adds moderators who are online, in this order of turn.</summary>
    public async Task<long[]> AddOnlineAsync(params string[] names)
    {
        var ids = new List<long>();
        foreach (var name in names)
        {
            ids.Add(await AddModeratorAsync(name));
            await ConnectAsync(ids[^1]);
        }
        return [.. ids];
    }

    /// <summary>Opens one more tab; returns its connection id.</summary>
    public async Task<string> ConnectAsync(long moderatorId)
    {
        var connection = $"{Node}-c{Interlocked.Increment(ref s_connection)}";
        Assert.True(await Orchestrator.HandleUserConnectedAsync(moderatorId, connection, Node));
        return connection;
    }

    public InboundMessage Message(string address, string text = "hello", string? id = null, bool fromUs = false) =>
        new(id ?? $"{Node}-m{Interlocked.Increment(ref s_message)}", address, "Contact " + address, "text", text, Clock.Now, fromUs);

    /// <summary>A contact writes.</summary>
    public Task<InboundResult> ReceiveAsync(Profile profile, string address, string text = "hello", string? id = null, bool fromUs = false) =>
        SubmitAsync(profile, [Message(address, text, id, fromUs)]);

    public Task<InboundResult> SubmitAsync(Profile profile, IReadOnlyList<InboundMessage> messages, IReadOnlyList<InboundStatus>? statuses = null) =>
        Orchestrator.HandleIncomingMessageAsync(new InboundBatch(profile.ChannelId, profile.Id, messages, statuses ?? [])).InTime(TimeSpan.FromSeconds(60));

    /// <summary>A contact writes for the first time; the conversation it opened.</summary>
    public async Task<Conversation> OpenAsync(Profile profile, string address, string text = "hello")
    {
        await ReceiveAsync(profile, address, text);
        return await ConversationAsync(profile, address);
    }

    /// <summary>The newest conversation with the contact.</summary>
    public async Task<Conversation> ConversationAsync(Profile profile, string address)
    {
        await using var db = Database.Read();
        var contact = await db.Contacts.Where(x => x.Address == address).Select(x => x.Id).FirstAsync();
        return await db.Conversations.Where(c => c.ContactId == contact && c.ProfileId == profile.Id).OrderByDescending(c => c.Id).FirstAsync();
    }

    public Task<Conversation> ConversationAsync(long id) => ReadAsync(db => db.Conversations.FirstAsync(c => c.Id == id));
    public Task<Message> MessageAsync(long id) => ReadAsync(db => db.Messages.FirstAsync(m => m.Id == id));
    public Task<Moderator> ModeratorAsync(long id) => ReadAsync(db => db.Moderators.FirstAsync(m => m.Id == id));

    public Task<List<Message>> ThreadAsync(long conversationId) =>
        ReadAsync(db => db.Messages.Where(m => m.ConversationId == conversationId).OrderBy(m => m.Id).ToListAsync());

    public Task<List<ConversationEvent>> EventsAsync(long conversationId) =>
        ReadAsync(db => db.ConversationEvents.Where(e => e.ConversationId == conversationId).OrderBy(e => e.Id).ToListAsync());

    public Task<List<PendingMessage>> PendingAsync() => ReadAsync(db => db.PendingMessages.OrderBy(p => p.ReceivedAt).ThenBy(p => p.Id).ToListAsync());

    public async Task<T> ReadAsync<T>(Func<DispatchDb, Task<T>> read)
    {
        await using var db = Database.Read();
        return await read(db);
    }

    public Task<int> DrainAsync() => Get<PendingDrain>().RunOnceAsync(Clock.Now).InTime();
    public Task<int> EndGraceAsync() => Orchestrator.EndGraceAsync(Clock.Now).InTime();

    /// <summary>The invariants of the design, read from the rows.</summary>
    public async Task AssertConsistentAsync()
    {
        await using var db = Database.Read();
        Assert.Empty(await Consistency.ViolationsAsync(db));
    }

    public async ValueTask DisposeAsync()
    {
        await Get<InboundPipeline>().StopAsync(CancellationToken.None);
        SqliteConnection? pool = null;
        await using (var db = Database.Read())
        {
            if (db.Database.GetDbConnection() is SqliteConnection sqlite) pool = new SqliteConnection(sqlite.ConnectionString);
        }
        await _services.DisposeAsync();
        if (pool is null) return;
        SqliteConnection.ClearPool(pool);
        await pool.DisposeAsync();
    }
}
