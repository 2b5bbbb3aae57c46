using System.Text.RegularExpressions;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Workers, dead letters and the broker on screen; every page of numbers for everybody.</summary>
public sealed partial class NumberScreensTests(ChromiumFixture chromium, BrowserHost host) : NumberBrowserTest(chromium, host)
{
    [Fact]
    public async Task Worker_AddedDrainedAndResumed_IsFollowedOnItsPage()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/workers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a worker" }).ClickAsync();
        await Dialog(page).GetByLabel("Id", new() { Exact = true }).FillAsync("not an id");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToHaveTextAsync("1 to 64 letters, digits, - and _.");
        await Dialog(page).GetByLabel("Id", new() { Exact = true }).FillAsync("dakar-2");
        await Dialog(page).GetByLabel("Numbers it may hold").FillAsync("3");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        var added = page.Locator(".card").Filter(new() { HasText = "dakar-2" });
        await Expect(added).ToContainTextAsync("Down");
        await Expect(added).ToContainTextAsync("0 of 3 numbers");
        await Expect(added).ToContainTextAsync("No sign of life yet");
        await added.GetByRole(AriaRole.Button, new() { Name = "Numbers that worker dakar-2 may hold" }).ClickAsync();
        await Dialog(page).GetByLabel("Numbers it may hold", new() { Exact = true }).FillAsync("8");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(added).ToContainTextAsync("0 of 8 numbers");

        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var card = page.Locator(".card").Filter(new() { Has = page.GetByRole(AriaRole.Heading, new() { Name = worker.Id, Exact = true }) });
        await Expect(card).ToContainTextAsync("Up");
        var (number, _, _, create) = await ConnectedAsync(worker);
        await Expect(card).ToContainTextAsync("1 of 50 numbers");
        await using var other = await ScriptedWorker.StartAsync(Host.Services);
        await card.GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await Expect(Dialog(page)).ToContainTextAsync($"Worker {worker.Id} gets nothing new, and its 1 number moves to another one.");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Draining");
        await Expect(card).ToContainTextAsync("1 number still to move.");
        await worker.SayAsync(await worker.NextAsync(WorkerAction.Stop), new SessionClosed(0, "stopped", false, true));
        await worker.SayAsync(create, new SessionClosed(0, "stopped", false, true));
        await Expect(card).ToContainTextAsync("Drained: it may be switched off.");
        await Eventually.Async(async () => (await Queries.RowAsync(number))!.WorkerId != worker.Id);
        await card.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(card).ToContainTextAsync("Up");
    }

    [Fact]
    public async Task DeadLetters_ReplayedAndDroppedTogether_SayWhatBecameOfThem()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/dead-letters?worker=" + worker.Id);
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await worker.SayAsync("""{"action":"dance","numberId":6,"secret":"1@abcdef"}""");
        await worker.SayAsync("""{"action":"qr_generated","numberId":6,"sessionId":"session_6_x","qrCode":"http://example.org/1@abcdef"}""");
        await Expect(page.Locator(".list > li")).ToHaveCountAsync(2);
        var dance = page.Locator(".list > li").Filter(new() { HasText = "Says something no worker says." });
        await Expect(dance).ToContainTextAsync($"Worker {worker.Id}");
        await dance.Locator("summary").ClickAsync();
        await Expect(dance.Locator("pre")).ToContainTextAsync("dance");
        await Expect(page.Locator("main")).Not.ToContainTextAsync("abcdef");

        await page.GetByLabel("All on this page").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay (2)" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("2 failed again and stay open.");
        await Expect(page.Locator(".list > li")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Drop (2)" }).ClickAsync();
        await Expect(Dialog(page)).ToContainTextAsync("2 dead letters will not be used any more.");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Drop" }).ClickAsync();
        await Expect(Notices(page)).ToContainTextAsync("2 were dropped.");
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await page.GetByLabel("Status").SelectOptionAsync("dropped");
        await Expect(page.Locator(".list > li")).ToHaveCountAsync(2);
        await Expect(page.Locator(".list input[type=checkbox]")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Broker_AwayAndBack_IsSaidInTheFrameOfAdminsAlone()
    {
        var (admin, awa) = (await SignInAsync(Admin), await SignInAsync(Awa));
        await GoAsync(admin, "/workers");
        await Expect(admin.Locator(".broker")).ToContainTextAsync("Workers are reached inside this process");
        var (state, before) = (Get<BrokerState>(), Get<BrokerState>().Current);
        try
        {
            state.Set(BrokerKind.RabbitMq, BrokerStatus.Down, "queue.example:5672", "BrokerUnreachableException");
            await Expect(admin.Locator(".frame-header .broker-down")).ToContainTextAsync("Broker away since");
            await Expect(admin.Locator(".broker.bad")).ToContainTextAsync("No connection to the message broker queue.example:5672 since");
            await Expect(awa.Locator(".broker-down")).ToHaveCountAsync(0);
        }
        finally
        {
            state.Set(before.Kind, before.Status, before.Endpoint, before.Error);
        }
        await Expect(admin.Locator(".broker-down")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Pages_CheckedByAxeInBothThemesAndOnAPhone_HaveNothingSerious()
    {
        var (problems, wide) = (new List<string>(), new List<string>());
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        await worker.SayAsync("""{"action":"a_very_long_word_that_no_worker_ever_says","numberId":6}""");
        await ClientAsync("Société Marième-Bernadette de la Fontaine & Fils");
        var waiting = await WaitingAsync(worker, "Société Marième-Bernadette de la Fontaine & Fils");
        var connected = await ConnectedAsync(worker);
        await worker.SayAsync(connected.Create, new SessionStarting());
        var lost = await ConnectedAsync(worker);
        await worker.SayAsync(lost.Create, new SessionClosed(CloseReasons.LoggedOut, null, false, false));
        await StateAsync(lost.Number, NumberState.LoggedOut);
        string[] addresses =
        [
            "/clients", "/clients?status=all", "/clients?q=nobody", "/numbers", "/numbers?state=failed&q=nobody", $"/numbers/{waiting.Number}", $"/numbers/{connected.Number}", $"/numbers/{lost.Number}",
            "/numbers/999999", "/workers", "/dead-letters?status=all",
        ];
        var admin = await SignInAsync(Admin);
        var phone = await SignInAsync(Admin, phone: true, locale: "fr-FR");
        foreach (var address in addresses)
        {
            await GoAsync(admin, address);
            await AccessTests.CheckAsync(admin, address, problems);
            await GoAsync(phone, address);
            await AccessTests.CheckWidthAsync(phone, address, wide);
        }
        foreach (var page in new[] { admin, phone })
        {
            await GoAsync(page, $"/numbers/{waiting.Number}?code=true");
            await Expect(page.Locator("img.qr-code")).ToBeVisibleAsync();
            await Dialog(page).GetByRole(AriaRole.Button, new() { NameRegex = MakeLink() }).ClickAsync();
            await Expect(Dialog(page).Locator("#code-link")).ToBeVisibleAsync();
            await AccessTests.CheckAsync(page, "code dialog", problems);
            var dialog = (await Dialog(page).BoundingBoxAsync())!;
            var picture = (await page.Locator("img.qr-code").BoundingBoxAsync())!;
            if (dialog.X < 0 || dialog.X + dialog.Width > page.ViewportSize!.Width || picture.Width < 280) wide.Add($"code dialog: {dialog.X} + {dialog.Width}, picture {picture.Width}");
            await page.Keyboard.PressAsync("Escape");
        }
        await GoAsync(admin, "/clients");
        await admin.GetByRole(AriaRole.Button, new() { NameRegex = ValidateCompany() }).First.ClickAsync();
        await Expect(Dialog(admin).GetByLabel(worker.Id)).ToBeVisibleAsync();
        await AccessTests.CheckAsync(admin, "choice of a worker", problems);

        var made = (await Get<NumberCodes>().MakeLinkAsync(waiting.Number, null))!;
        var holder = await OpenAsync(phone: true, locale: "fr-FR");
        await holder.GotoAsync("/q/" + made.Token);
        await AccessTests.CheckAsync(holder, "link", problems);
        await AccessTests.CheckWidthAsync(holder, "link", wide);
        await holder.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(holder.Locator("img.qr-code")).ToBeVisibleAsync();
        await AccessTests.CheckAsync(holder, "opened link", problems);
        await AccessTests.CheckWidthAsync(holder, "opened link", wide);
        Assert.True(((await holder.Locator("img.qr-code").BoundingBoxAsync())!).Width >= 280);
        await holder.GotoAsync("/q/nonsense");
        await holder.GetByRole(AriaRole.Button).ClickAsync();
        await AccessTests.CheckAsync(holder, "spent link", problems);
        Assert.True(problems.Count + wide.Count == 0, string.Join('\n', problems.Concat(wide)));
    }

    [Theory]
    [InlineData("/numbers?state=waitingqr&worker=demo&q=a%26b&sort=since", "WAITINGQR", " demo", "a&b ", "since", 1)]
    [InlineData("/numbers?state=live&page=3", "live", null, null, "nonsense", 3)]
    [InlineData("/numbers", "nonsense", "", "", null, -2)]
    public void NumbersView_IsItsAddress(string url, string? state, string? worker, string? search, string? sort, int page) =>
        Assert.Equal(url, Web.Numbers.NumbersView.Of(state, worker, search, sort, page).Url);

    [Theory]
    [InlineData("/clients?status=rejected&q=a%26b", "Rejected", "a&b", null)]
    [InlineData("/clients?status=all&page=2", "ALL", null, 2)]
    [InlineData("/clients", "7", " ", 0)]
    public void ClientsView_IsItsAddress(string url, string? status, string? search, int? page) => Assert.Equal(url, Web.Numbers.ClientsView.Of(status, search, page).Url);

    [Theory]
    [InlineData("/dead-letters?status=dropped&reason=WrongField&worker=w-1", "dropped", "wrongfield", "w-1", 1)]
    [InlineData("/dead-letters", "99", "99", "", null)]
    public void DeadLettersView_IsItsAddress(string url, string? status, string? reason, string? worker, int? page) =>
        Assert.Equal(url, Web.Numbers.DeadLettersView.Of(status, reason, worker, page).Url);

    [GeneratedRegex("^(?:Make|Créer)", RegexOptions.None, 1000)]
    private static partial Regex MakeLink();

    [GeneratedRegex("^Validate Société", RegexOptions.None, 1000)]
    private static partial Regex ValidateCompany();
}
