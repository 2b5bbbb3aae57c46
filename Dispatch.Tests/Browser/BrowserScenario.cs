using System.Net.Http.Json;
using System.Text.Json;
using Dispatch.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>
/// People in browsers, contacts on the webhook, whatever the site is made of. Every test begins with nobody present and nothing open, so that it says itself who is
/// there; every test has contacts of its own.
/// </summary>
public abstract class BrowserScenario(ChromiumFixture chromium, IBrowserSite site) : IAsyncLifetime
{
    protected const string Awa = "Awa Diop", Moussa = "Moussa Ndiaye", Fatou = "Fatou Sarr", Ibrahima = "Ibrahima Ba", Admin = "Aminata Cissé";
    private const int Phone = 390;
    private static int s_number = 100;
    private readonly List<IBrowserContext> _people = [];
    private HttpClient _http = null!;

    static BrowserScenario() => SetDefaultExpectTimeout(45_000);

    protected IBrowserSite Site { get; } = site;

    public async ValueTask InitializeAsync()
    {
        await Site.ReadyAsync();
        _http = Site.CreateClient();
        _http.DefaultRequestHeaders.Add("X-Api-Key", AppProcess.ApiKey);
        _http.DefaultRequestHeaders.Add("X-Webhook-Secret", AppProcess.WebhookSecret);
        foreach (var open in await ItemsAsync("/api/conversations?pageSize=200"))
        {
            if (open.GetProperty("status").GetString() != "Closed") await PostAsync($"/api/conversations/{open.GetProperty("id")}/close", new { });
        }
        foreach (var person in await ItemsAsync("/api/moderators?pageSize=200")) await PostAsync($"/api/moderators/{person.GetProperty("id")}/disconnect", new { });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var person in _people) await person.CloseAsync();
        _http.Dispose();
        GC.SuppressFinalize(this);
    }

    // People

    protected async Task<IPage> OpenAsync(Uri? address = null, string locale = "en-GB", bool phone = false, string? person = null)
    {
        var page = phone
            ? await chromium.OpenAsync(address ?? Site.Address, locale, Phone, 844)
            : await chromium.OpenAsync(address ?? Site.Address, locale);
        _people.Add(page.Context);
        if (person is not null && Site.CookiesOf(person) is { Count: > 0 } cookies) await page.Context.AddCookiesAsync(cookies);
        await page.GotoAsync("/");
        return page;
    }

    /// <summary>By one click; returns when the page is live and, for moderators, colleagues see them online.</summary>
    protected async Task<IPage> SignInAsync(string name, Uri? address = null, string locale = "en-GB", bool phone = false)
    {
        var page = await OpenAsync(address, locale, phone, name);
        await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        if (name == Admin) await Expect(page.Locator("h1")).ToBeVisibleAsync();
        else
        {
            await Expect(Presence(page, "online")).ToBeVisibleAsync();
            await Site.SignedInAsync(name);
        }
        return page;
    }

    protected static ILocator Row(IPage page, Contact contact) => page.Locator(".pane-list").GetByRole(AriaRole.Link).Filter(new() { HasText = contact.Name });

    /// <summary>What the header says about the person.</summary>
    protected static ILocator Presence(IPage page, string state) => page.Locator("#presence-switch > summary .presence-" + state);

    protected static ILocator Composer(IPage page) => page.Locator("#composer");

    /// <summary>There, and past its skeleton.</summary>
    protected static async Task GoAsync(IPage page, string address)
    {
        await page.GotoAsync(address);
        await Expect(page.Locator("h1").First).ToBeAttachedAsync();
        await Expect(page.Locator(".skeleton")).ToHaveCountAsync(0);
    }

    /// <summary>The sentences that Dispatch says to the person.</summary>
    protected static ILocator Notices(IPage page) => page.Locator(".notices");

    /// <summary>What concerns the person on whichever page he is: requests for his locks, profiles that came or went.</summary>
    protected static ILocator Announcements(IPage page) => page.Locator(".announcements");

    protected static async Task OpenThreadAsync(IPage page, Contact contact)
    {
        await Row(page, contact).ClickAsync();
        await Expect(page.Locator(".pane-thread h2")).ToHaveTextAsync(contact.Name);
    }

    /// <summary>
    /// Presses both buttons at the same moment of the one clock that both browsers have: asked one after the other, the first press is on the
    /// second screen before the second is made.
    /// </summary>
    protected static async Task PressTogetherAsync(ILocator one, ILocator other)
    {
        const string press = "(button, at) => new Promise(done => setTimeout(() => { button.click(); done(); }, at - Date.now()))";
        await Expect(one).ToBeEnabledAsync();
        await Expect(other).ToBeEnabledAsync();
        var at = TimeProvider.System.GetUtcNow().AddMilliseconds(400).ToUnixTimeMilliseconds();
        await Task.WhenAll(one.EvaluateAsync(press, at), other.EvaluateAsync(press, at));
    }

    // Contacts and the API

    protected static Contact NewContact(string name)
    {
        var number = Interlocked.Increment(ref s_number);
        return new Contact($"{name} {number}", $"22177000{number:0000}");
    }

    protected async Task WriteAsync(Contact contact, string text, string channel = "demo") => await PostAsync("/webhooks/whapi/" + channel, new
    {
        messages = new[]
        {
            new
            {
                id = Guid.NewGuid().ToString("N"), type = "text", chat_id = contact.Number + "@s.whatsapp.net", from = contact.Number, from_name = contact.Name,
                timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), text = new { body = text },
            },
        },
    });

    protected async Task<JsonElement> ConversationAsync(Contact contact) =>
        Assert.Single(await ItemsAsync("/api/conversations?q=" + contact.Number));

    protected async Task<long> IdAsync(Contact contact) => (await ConversationAsync(contact)).GetProperty("id").GetInt64();

    protected async Task<string?> OwnerAsync(Contact contact)
    {
        var owner = (await ConversationAsync(contact)).GetProperty("ownerId");
        if (owner.ValueKind == JsonValueKind.Null) return null;
        return (await ItemsAsync("/api/moderators?pageSize=200")).Single(m => m.GetProperty("id").GetInt64() == owner.GetInt64()).GetProperty("name").GetString();
    }

    protected async Task<long> ModeratorAsync(string name) =>
        (await ItemsAsync("/api/moderators?pageSize=200")).Single(m => m.GetProperty("name").GetString() == name).GetProperty("id").GetInt64();

    protected async Task<IReadOnlyList<JsonElement>> ItemsAsync(string path) =>
        [.. (await _http.GetFromJsonAsync<JsonElement>(path)).GetProperty("items").EnumerateArray()];

    protected async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    protected sealed record Contact(string Name, string Number);
}
