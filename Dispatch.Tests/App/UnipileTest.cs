using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Unipile;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Gateways;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>A channel of Unipile in the whole host, and a server that answers as Unipile is documented to.</summary>
public abstract class UnipileTest(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    private protected const string Hook = "a-secret-of-unipile";
    private protected ApiHost Host { get; } = host;
    private protected StandIn Server { get; private set; } = null!;
    private protected string Key { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Server = await StandIn.StartAsync();
        Key = ApiHost.Unique("uni-");
        await Host.PostAsync("/api/channels", new { key = Key, provider = "Unipile", credentials = new { token = "api-key-1", server = Server.Address, account = "acc1", secret = Hook } });
        await Host.PostAsync("/api/profiles", new { name = "Profile " + Key, channel = Key, mode = "Shared" });
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private protected async Task<long> ChannelAsync()
    {
        await using var db = Host.Database.Read();
        return await db.Channels.Where(c => c.Key == Key).Select(c => c.Id).SingleAsync();
    }

    private protected async Task<SendResult> SendAsync(string address, string text)
    {
        await using var db = Host.Database.Read();
        var channel = await db.Channels.SingleAsync(c => c.Key == Key);
        return await Host.Services.GetServices<IMessageGateway>().Single(g => g.Provider == ChannelProvider.Unipile)
            .SendTextAsync(new OutboundMessage(1, 2, channel.Id, Key, channel.Provider, channel.ProtectedToken, address, text), CancellationToken.None);
    }

    private protected async Task ContactAsync(string address, string chat) =>
        await Host.Services.GetRequiredService<GatewayContacts>().RememberAsync(await ChannelAsync(), new ChatOf(address, chat, DateTime.UnixEpoch));

    private protected async Task<long> AccountAsync() => (await Host.PostAsync("/api/accounts", new { name = ApiHost.Unique("Account "), provider = "Unipile", channel = Key, timeZone = "UTC", minGapSeconds = 0 })).GetProperty("id").GetInt64();

    /// <summary>An action whose sender died so long ago.</summary>
    private protected async Task<long> UncertainAsync(string text, TimeSpan ago)
    {
        var account = await AccountAsync();
        await using var db = Host.Database.Read();
        var at = TimeProvider.System.GetUtcNow().UtcDateTime - ago;
        var prospect = new Prospect { AccountId = account, Name = "Awa", Address = ApiHost.Unique("ACoAA"), Language = "en", CreatedAt = at };
        db.Prospects.Add(prospect);
        await db.SaveChangesAsync();
        var action = new OutreachAction
        {
            AccountId = account, ProspectId = prospect.Id, Kind = ActionKinds.FirstContact, Type = ActionType.FirstContact, Status = ActionStatus.Uncertain, EffectKey = ApiHost.Unique("effect"),
            Content = text, ScheduledAt = at, DueAt = at, CreatedAt = at, StartedAt = at, FinishedAt = at, Error = nameof(ActionEnd.LostSender), Attempts = 1,
        };
        db.OutreachActions.Add(action);
        await db.SaveChangesAsync();
        return action.Id;
    }

    private protected async Task<List<OutreachAction>> ActionsAsync(string address)
    {
        await using var db = Host.Database.Read();
        return await db.OutreachActions.Where(a => db.Prospects.Any(p => p.Id == a.ProspectId && p.Address == address)).ToListAsync();
    }

    private protected async Task<JsonElement> TakenAsync(string body, string? contentType = "application/json")
    {
        using var response = await CallAsync(body, contentType: contentType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private protected async Task<HttpResponseMessage> CallAsync(string body, string? secret = Hook, string? key = null, string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/unipile/{key ?? Key}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        if (contentType is not null) request.Content.Headers.ContentType = new(contentType);
        if (secret is not null) request.Headers.Add(UnipileHeader, secret);
        return await Host.Bare.SendAsync(request);
    }

    private protected const string UnipileHeader = "X-Webhook-Secret";

    private protected static string MinutesAgo(int minutes) => TimeProvider.System.GetUtcNow().AddMinutes(minutes).UtcDateTime.ToString("o");
}
