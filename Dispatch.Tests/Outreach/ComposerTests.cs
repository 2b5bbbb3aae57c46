using System.Net;
using System.Text.Json;
using Dispatch.Core.Data;
using Dispatch.Core.Outreach;
using Dispatch.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Outreach;

/// <summary>Templates kept and chosen; the endpoint against a server that speaks its format and misbehaves in every way that such a server can.</summary>
public sealed class ComposerTests(PostgresServer postgres) : OutreachTest(DatabaseProvider.Sqlite, postgres)
{
    private static readonly ProspectCard Awa = new(7, "Awa Ndiaye", "33600000007", "Sonatel", "en");

    [Fact]
    public async Task Templates_OwnVariants_ReplaceTheShippedOneAndStayWithTheirProspect()
    {
        var templates = Node.Get<OutreachTemplates>();
        var composer = Node.Get<MessageComposer>();
        Assert.StartsWith("Hello Awa, thank you", (await composer.GenerateWelcomeMessageAsync(Awa, "Acme")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Bonjour Awa", (await composer.GenerateWelcomeMessageAsync(Awa with { Language = "fr" }, "Acme")).Text, StringComparison.Ordinal);

        Assert.Empty(await templates.SetAsync(ActionKinds.FirstContact, "en", 1, "One {name}", null));
        Assert.Empty(await templates.SetAsync(ActionKinds.FirstContact, "en", 2, "Two {name}", null));
        Assert.NotEmpty(await templates.SetAsync(ActionKinds.FirstContact, "en", 3, "Three {nom}", null));

        var texts = new List<string?>();
        for (var id = 0L; id < 4; id++) texts.Add((await composer.GenerateWelcomeMessageAsync(Awa with { Id = id }, "Acme")).Text);
        Assert.Equal(["One Awa Ndiaye", "Two Awa Ndiaye", "One Awa Ndiaye", "Two Awa Ndiaye"], texts);
        Assert.Equal("NoTemplate", (await composer.ComposeAsync("send_followup_B9", null, Awa, "Acme")).Problem);
        Assert.Contains(await templates.ListAsync(), t => t is { Kind: ActionKinds.FirstContact, Language: "fr", IsShipped: true });
        Assert.Empty(await templates.SetAsync(ActionKinds.FirstContact, "en", 1, null, null));
        Assert.Equal("Two Awa Ndiaye", (await composer.GenerateWelcomeMessageAsync(Awa, "Acme")).Text);
    }

    [Fact]
    public void Fill_LongerThanAMessageMayBe_IsAProblemAndNoText()
    {
        Assert.Equal(4096, MessageComposer.Fill(new string('x', 4096 - 10) + "{name}", Awa, "Acme").Text!.Length);
        Assert.Equal(new Composed(null, "TooLong"), MessageComposer.Fill(new string('x', 4096 - 9) + "{name}", Awa, "Acme"));
    }

    [Fact]
    public async Task Step_WithATemplateOfAnotherKind_UsesItsText()
    {
        var options = new OutreachOptions();
        options.Sequences.A.AddRange([new() { Delay = TimeSpan.FromDays(1) }, new() { Delay = TimeSpan.FromDays(2), Template = "send_followup_C1" }]);
        var composer = new MessageComposer(Node.Get<OutreachTemplates>(), Node.Get<ComposerEndpoint>(),
            new SequencePlans(Node.Database, Node.Get<OutreachTemplates>(), Microsoft.Extensions.Options.Options.Create(options), Clock));
        Assert.StartsWith("Hello Awa, did you see my message", (await composer.ComposeAsync("send_followup_A1", null, Awa, "Acme")).Text, StringComparison.Ordinal);
        Assert.StartsWith("Hello Awa, we were in touch", (await composer.ComposeAsync("send_followup_A2", null, Awa, "Acme")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_Answers_ItsTextIsUsedWithTheConversationAsContext()
    {
        await using var server = await StandIn.StartAsync(_ => Answer("  Hello Awa, shall we talk?  "));
        await Node.ReceiveAsync(Profile, Awa.Address, "what do you sell?");

        var composed = await ComposerFor(server).GenerateWelcomeMessageAsync(Awa, "Acme");

        Assert.Equal("Hello Awa, shall we talk?", composed.Text);
        var (key, body) = Assert.Single(server.Requests);
        Assert.Equal("Bearer the-key", key);
        Assert.Equal("the-model", body.GetProperty("model").GetString());
        var messages = body.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(("user", "what do you sell?"), (messages[^1].GetProperty("role").GetString(), messages[^1].GetProperty("content").GetString()));
        Assert.DoesNotContain(Awa.Address, body.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("error")]
    [InlineData("html")]
    [InlineData("empty")]
    [InlineData("long")]
    [InlineData("placeholder")]
    [InlineData("shape")]
    [InlineData("down")]
    public async Task Endpoint_OfNoUse_TheTemplateGoes(string trouble)
    {
        await using var server = await StandIn.StartAsync(async context => trouble switch
        {
            "slow" => await SlowAsync(context),
            "error" => Results.StatusCode(500),
            "html" => Results.Text("<html>busy</html>", "text/html"),
            "empty" => Answer("   "),
            "long" => Answer(new string('x', 700)),
            "placeholder" => Answer("Hello {firstName}"),
            _ => Results.Json(new { choices = Array.Empty<string>() }),
        });
        if (trouble == "down") await server.DisposeAsync();

        var composed = await ComposerFor(server).GenerateWelcomeMessageAsync(Awa, "Acme").AsTask().InTime();

        Assert.StartsWith("Hello Awa, thank you", composed.Text, StringComparison.Ordinal);
    }

    private static async Task<IResult> SlowAsync(HttpContext context)
    {
        await Task.Delay(TimeSpan.FromSeconds(15), TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Results.Empty;
    }

    private static IResult Answer(string text) => Results.Json(new { choices = new[] { new { message = new { role = "assistant", content = text } } } });

    private MessageComposer ComposerFor(StandIn server) => new(Node.Get<OutreachTemplates>(), new ComposerEndpoint(
        Node.Database, Node.Get<IHttpClientFactory>(),
        Microsoft.Extensions.Options.Options.Create(new ComposerOptions
            { Endpoint = new Uri(server.Address + "/v1"), Model = "the-model", ApiKey = "the-key", Timeout = TimeSpan.FromSeconds(1) }),
        TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<ComposerEndpoint>.Instance),
        Node.Get<SequencePlans>());

    private sealed class StandIn : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private StandIn(WebApplication app) => _app = app;

        public List<(string? Key, JsonElement Body)> Requests { get; } = [];
        public string Address { get; private set; } = "";

        public static Task<StandIn> StartAsync(Func<HttpContext, IResult> answer) => StartAsync(context => Task.FromResult(answer(context)));

        public static async Task<StandIn> StartAsync(Func<HttpContext, Task<IResult>> answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            var server = new StandIn(app);
            app.MapPost("/v1/chat/completions", async (HttpContext context) =>
            {
                server.Requests.Add((context.Request.Headers.Authorization, await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body)));
                return await answer(context);
            });
            await app.StartAsync();
            server.Address = app.Urls.First();
            return server;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
