using System.Net;
using System.Net.Sockets;
using Dispatch.Core.Gateways;
using Dispatch.Core.Gateways.Whapi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Gateways;

/// <summary>Against a server of our own that answers as Whapi is documented to, and breaks as servers do.</summary>
public sealed class WhapiGatewayTests : IAsyncDisposable
{
    private readonly ChannelTokens _tokens = new(new EphemeralDataProtectionProvider());
    private readonly List<IAsyncDisposable> _servers = [];
    private (string Path, string? Authorization, string? ContentType, string Body) _seen;

    [Fact]
    public async Task SendTextAsync_Accepted_ReturnsTheIdAndSendsWhatIsDocumented()
    {
        var result = await SendAsync(200, """{"sent":true,"message":{"id":"yqJRppZk7BI-wNoTwl0rVw","from_me":true,"type":"text","status":"pending"}}""");
        Assert.Equal(SendResult.Sent("yqJRppZk7BI-wNoTwl0rVw"), result);
        Assert.Equal(("/messages/text", "Bearer secret-token", "application/json", """{"to":"221770000000","body":"Bonjour \u00E7a va"}"""), _seen);
    }

    [Theory]
    [InlineData(401, """{"error":{"code":401,"message":"need channel authorization for send message"}}""", SendFailure.ChannelNotAuthorized)]
    [InlineData(401, """{"error":{"code":401,"message":"Unauthorized"}}""", SendFailure.BadToken)]
    [InlineData(401, "", SendFailure.BadToken)]
    [InlineData(403, "{}", SendFailure.BadToken)]
    [InlineData(404, """{"error":{"code":404,"message":"Channel not found"}}""", SendFailure.BadToken)]
    [InlineData(402, """{"error":{"code":402,"message":"Trial over"}}""", SendFailure.PaymentRequired)]
    [InlineData(429, "", SendFailure.TooMany)]
    [InlineData(400, """{"error":{"code":400,"message":"Wrong request parameters","details":"/to must match pattern"}}""", SendFailure.BadRecipient)]
    [InlineData(400, """{"error":{"code":400,"message":"Wrong request parameters","details":"/body must be string"}}""", SendFailure.Refused)]
    [InlineData(413, "", SendFailure.Refused)]
    [InlineData(302, "", SendFailure.Refused)]
    [InlineData(503, "", SendFailure.Refused)]
    [InlineData(500, "", SendFailure.Unknown)]
    [InlineData(504, "<html>", SendFailure.Unknown)]
    [InlineData(200, "", SendFailure.Unknown)]
    [InlineData(200, """{"sent":true}""", SendFailure.Unknown)]
    [InlineData(200, """{"sent":true,"message":{"id":7}}""", SendFailure.Unknown)]
    public async Task SendTextAsync_Answer_SaysWhatBecameOfIt(int status, string body, SendFailure expected) =>
        Assert.Equal(SendResult.Failed(expected), await SendAsync(status, body));

    [Fact]
    public async Task SendTextAsync_NobodyListens_NothingLeft()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        Assert.Equal(SendResult.Failed(SendFailure.Unreachable), await Gateway(new Uri($"http://127.0.0.1:{port}")).SendTextAsync(Message(), CancellationToken.None));
    }

    [Fact]
    public async Task SendTextAsync_UnknownHost_NothingLeft() => Assert.Equal(
        SendResult.Failed(SendFailure.Unreachable), await Gateway(new Uri("http://no-such-host.invalid")).SendTextAsync(Message(), CancellationToken.None));

    [Fact]
    public async Task SendTextAsync_ConnectionBreaksAfterTheRequest_IsUncertain()
    {
        var address = await ServeAsync(async context =>
        {
            await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Abort();
        });
        Assert.Equal(SendResult.Failed(SendFailure.Unknown), await Gateway(address).SendTextAsync(Message(), CancellationToken.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SendTextAsync_NoAnswerInTime_IsUncertain(bool headersCame)
    {
        var address = await ServeAsync(async context =>
        {
            if (headersCame) await context.Response.StartAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        Assert.Equal(
            SendResult.Failed(SendFailure.Unknown), await Gateway(address, TimeSpan.FromMilliseconds(300)).SendTextAsync(Message(), CancellationToken.None));
    }

    [Fact]
    public async Task SendTextAsync_NoTokenOrForeignKeys_IsBadToken()
    {
        var gateway = Gateway(new Uri("http://127.0.0.1:1"));
        Assert.Equal(SendFailure.BadToken, (await gateway.SendTextAsync(Message() with { ProtectedToken = null }, CancellationToken.None)).Failure);
        Assert.Equal(SendFailure.BadToken, (await gateway.SendTextAsync(Message() with { ProtectedToken = "other keys" }, CancellationToken.None)).Failure);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers) await server.DisposeAsync();
    }

    private async Task<SendResult> SendAsync(int status, string body)
    {
        var address = await ServeAsync(async context =>
        {
            _seen = (context.Request.Path, context.Request.Headers.Authorization, context.Request.ContentType, await new StreamReader(context.Request.Body).ReadToEndAsync());
            context.Response.StatusCode = status;
            if (status == 302) context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body);
        });
        return await Gateway(address).SendTextAsync(Message(), CancellationToken.None);
    }

    private async Task<Uri> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseShutdownTimeout(TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        _servers.Add(app);
        return new Uri(app.Urls.First());
    }

    private WhapiGateway Gateway(Uri address, TimeSpan? timeout = null)
    {
        var configuration = new Microsoft.Extensions.Configuration.ConfigurationManager();
        configuration["Gateways:Whapi:BaseAddress"] = address.AbsoluteUri;
        var services = new ServiceCollection().AddLogging().AddDispatchGateways(configuration, demo: false).BuildServiceProvider();
        _servers.Add(services);
        return new WhapiGateway(
            services.GetRequiredService<IHttpClientFactory>(), _tokens, Options.Create(new WhapiOptions { Timeout = timeout ?? TimeSpan.FromSeconds(20) }),
            TimeProvider.System, NullLogger<WhapiGateway>.Instance);
    }

    private OutboundMessage Message() => new(1, 2, 3, "shop", ChannelProvider.Whapi, _tokens.Protect("secret-token"), "221770000000", "Bonjour ça va");
}
