using System.Security.Claims;
using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Core.People;
using Dispatch.Web.Numbers;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>From a client who asks to a number that is connected: what an admin sees and does, and what nobody else sees.</summary>
public sealed class NumberTests(ChromiumFixture chromium, BrowserHost host) : NumberBrowserTest(chromium, host)
{
    [Fact]
    public async Task Client_ValidatedScannedAndConnected_IsSeenStepByStepWithoutReload()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/clients");
        await page.EvaluateAsync("() => { window.notReloaded = true; }");
        var (_, number, name, phone) = await ClientAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = $"Validate {name}", Exact = true }).ClickAsync();
        await Dialog(page).GetByLabel(worker.Id).CheckAsync();
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Validate" }).ClickAsync();
        await Notices(page).GetByRole(AriaRole.Button, new() { Name = "Show the code" }).ClickAsync();
        var create = await worker.NextAsync(WorkerAction.Create);
        Assert.Equal((number, phone, worker.Id), (create.NumberId!.Value, create.PhoneNumber, create.WorkerId));
        await Expect(Dialog(page)).ToContainTextAsync(phone);

        var (first, second) = (NewCode(), NewCode());
        await worker.SayAsync(create, new SessionStarting());
        await worker.SayAsync(create, Qr(first, 1));
        await ShowsAsync(page, 1, first);
        await Expect(Dialog(page)).ToContainTextAsync("Code 1 of 6 · new one in");
        await Expect(Dialog(page).Locator(".scan-steps li")).ToHaveCountAsync(3);
        var box = (await Picture(page, 1).BoundingBoxAsync())!;
        Assert.True(box.Width >= 280 && box.Height >= 280, $"{box.Width} x {box.Height}");

        await worker.SayAsync(create, Qr(second, 2));
        await ShowsAsync(page, 2, second);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await ShowsAsync(page, 2, second);

        await worker.SayAsync(create, new SessionScanned());
        await Expect(Dialog(page)).ToContainTextAsync("Scanned, finishing.");
        await Expect(page.Locator("img.qr-code")).ToHaveCountAsync(0);
        await worker.SayAsync(create, new SessionClosed(CloseReasons.RestartRequired, null, true, true));
        await worker.SayAsync(create, new SessionConnected());
        await worker.SayAsync(create, new HealthReported(HealthReported.HealthyStatus));
        await Expect(Dialog(page).Locator(".outcome.good")).ToContainTextAsync(name);
        await Expect(Dialog(page).Locator(".outcome.good")).ToContainTextAsync(phone);

        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Close" }).Last.ClickAsync();
        await Expect(page.Locator(".now")).ToContainTextAsync($"{phone} is connected");
        await Expect(page.Locator(".line")).ToContainTextAsync("The phone scanned");
        await Expect(page.Locator(".page-head")).ToContainTextAsync("Healthy");
        await Expect(page).ToHaveURLAsync(new Uri(Host.Address, $"/numbers/{number}").ToString());
        Assert.True(await page.EvaluateAsync<bool>("() => window.notReloaded === true"));
    }

    [Fact]
    public async Task Dialog_ClosedAndOpenedAgain_LosesNothing()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, _, _, create, code) = await WaitingAsync(worker);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/numbers/{number}?code=true");
        await ShowsAsync(page, 1, code);
        await page.Keyboard.PressAsync("Escape");
        await Expect(Dialog(page)).ToHaveCountAsync(0);

        var next = NewCode();
        await worker.SayAsync(create, Qr(next, 2));
        await Expect(page.Locator(".now")).ToContainTextAsync("Code 2 of 6");
        await page.Locator(".now").GetByRole(AriaRole.Button, new() { Name = "Show the code" }).ClickAsync();
        await ShowsAsync(page, 2, next);
    }

    [Fact]
    public async Task Codes_UsedUp_OfferTheNextOnesInTheDialog()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, _, _, create, _) = await WaitingAsync(worker);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/numbers/{number}?code=true");
        await Expect(Picture(page, 1)).ToBeVisibleAsync();

        await worker.SayAsync(create, new SessionClosed(CloseReasons.LostOrUsedUp, "qr_exhausted", false, false));
        await Expect(Dialog(page)).ToContainTextAsync("Nobody scanned");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Ask for new codes" }).ClickAsync();
        var again = await worker.NextAsync(WorkerAction.Restart);
        Assert.NotEqual(create.SessionId, again.SessionId);

        // The session before cannot put its code in the place of the new one.
        var (old, fresh) = (NewCode(), NewCode());
        await worker.SayAsync(again, Qr(fresh, 1));
        await ShowsAsync(page, 1, fresh);
        await worker.SayAsync(create, Qr(old, 2));
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Close" }).Last.ClickAsync();
        await Expect(page.Locator(".line .ignored").First).ToContainTextAsync("Of an earlier session: ignored");
        Assert.Equal(1, (await Queries.RowAsync(number))!.QrNumber);
    }

    [Fact]
    public async Task PairingCode_AskedFor_StandsBesideThePicture()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, _, _, _, _) = await WaitingAsync(worker);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/numbers/{number}?code=true");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Type letters instead" }).ClickAsync();
        var asked = await worker.NextAsync(WorkerAction.PairingCode);
        await worker.SayAsync(asked, new PairingCodeIssued("ABCD1234", TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(50)) { At = TimeProvider.System.GetUtcNow().UtcDateTime });
        await Expect(Dialog(page).Locator("[data-pairing]")).ToHaveTextAsync("ABCD-1234");
        await Expect(Picture(page, 1)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Ops_SeesStatesAndHealth_AndNeverACode()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (number, name, phone, create, _) = await WaitingAsync(worker);
        var page = await SignInAsOpsAsync();
        var bodies = new List<string>();
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => bodies.Add(frame.Text ?? System.Text.Encoding.UTF8.GetString(frame.Binary ?? []));
        await GoAsync(page, $"/numbers?q={Uri.EscapeDataString(name)}");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Waiting for a scan");
        await Expect(page.Locator("nav.frame-nav")).ToContainTextAsync("Workers");
        await Expect(page.Locator("nav.frame-nav")).Not.ToContainTextAsync("Clients");

        await GoAsync(page, $"/numbers/{number}?code=true");
        await Expect(page.Locator(".now")).ToContainTextAsync($"Code 1 of 6 waits to be scanned with the phone of {phone}");
        await Expect(page.Locator(".now button")).ToHaveCountAsync(0);
        await worker.SayAsync(create, Qr(NewCode(), 2));
        await Expect(page.Locator(".now")).ToContainTextAsync("Code 2 of 6");
        await Expect(Dialog(page)).ToHaveCountAsync(0);
        Assert.NotEmpty(bodies);
        Assert.DoesNotContain(bodies, b => b.Contains("image/png", StringComparison.Ordinal));
        foreach (var closed in new[] { "/clients", "/dead-letters" })
        {
            await page.GotoAsync(closed);
            await Expect(page.Locator(".filters")).ToHaveCountAsync(0);
        }
        await GoAsync(page, "/workers");
        await Expect(page.Locator(".card").Filter(new() { HasText = worker.Id })).ToBeVisibleAsync();
        await Expect(page.Locator(".card button")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData(Roles.Ops)]
    [InlineData(Roles.Moderator)]
    [InlineData(null)]
    public async Task AdminCodes_AskedByAnybodyElse_Refuse(string? role)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity(role is null ? [] : [new Claim(ClaimTypes.Role, role), new Claim(ClaimTypes.NameIdentifier, "7")], role is null ? null : "test"));
        var codes = Get<AdminCodes>();
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => codes.ReadAsync(user, 1));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => codes.MakeLinkAsync(user, 1));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => codes.AskPairingCodeAsync(user, 1));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => codes.OpenLinkAsync(user, 1));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => codes.RevokeLinksAsync(user, 1));
    }

    [Fact]
    public async Task Client_RejectedWithAReason_LeavesTheListAndKeepsIt()
    {
        var (client, number, name, _) = await ClientAsync("Bazar Colobane");
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/clients?q=" + Uri.EscapeDataString(name));
        await page.GetByRole(AriaRole.Button, new() { Name = $"Reject {name}", Exact = true }).ClickAsync();
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Reject" }).ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToHaveTextAsync("Write in a sentence why, at most 500 characters.");
        await Dialog(page).GetByLabel("Reason").FillAsync("The number belongs to somebody else.");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Reject" }).ClickAsync();

        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await page.GetByLabel("Status").SelectOptionAsync("rejected");
        await Expect(page.Locator(".list li")).ToContainTextAsync("The number belongs to somebody else.");
        await Expect(page.Locator(".list li")).ToContainTextAsync(Admin);
        await page.GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(page.Locator(".now")).ToContainTextAsync("was rejected");
        await Expect(page.Locator(".now button")).ToHaveCountAsync(0);
        Assert.Equal(NumberResult.AlreadyDecided, (await Numbers.ValidateAsync(client, null, NumberActor.Api)).Result);
        Assert.Equal(NumberState.Rejected, (await Queries.RowAsync(number))!.State);
    }

    [Fact]
    public async Task Client_NewWithSpacesInItsNumber_IsKeptAsItIsDialled()
    {
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/clients");
        await page.GetByRole(AriaRole.Button, new() { Name = "New client" }).ClickAsync();
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Register" }).ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToHaveCountAsync(2);
        // The first wrong field takes the focus.
        await Expect(Dialog(page).GetByLabel("Name of the business")).ToBeFocusedAsync();
        await Dialog(page).GetByLabel("Name of the business").FillAsync("Mercerie Médina");
        await Dialog(page).GetByLabel("WhatsApp number").FillAsync("+221 77 640 11 22");
        await Expect(Dialog(page)).ToContainTextAsync("Will be kept as +221776401122.");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Register" }).ClickAsync();
        await Expect(page.Locator(".list li").Filter(new() { HasText = "Mercerie Médina" })).ToContainTextAsync("+221776401122");

        await page.GetByRole(AriaRole.Button, new() { Name = "New client" }).ClickAsync();
        await Dialog(page).GetByLabel("Name of the business").FillAsync("Mercerie Deux");
        await Dialog(page).GetByLabel("WhatsApp number").FillAsync("00221 77-640.11.22");
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Register" }).ClickAsync();
        await Expect(Dialog(page).GetByRole(AriaRole.Alert)).ToHaveTextAsync("This number is registered already.");
        await Expect(Dialog(page).GetByLabel("Name of the business")).ToHaveValueAsync("Mercerie Deux");
    }

    [Fact]
    public async Task Number_StoppedUndoneAndMoved_AsksFirstAndSaysWhatFollows()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        await using var other = await ScriptedWorker.StartAsync(Host.Services);
        var (number, name, phone, create) = await ConnectedAsync(worker);
        var page = await SignInAsync(Admin);
        await GoAsync(page, $"/numbers/{number}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await Expect(Question(page)).ToContainTextAsync($"{phone} of {name} will be disconnected and nobody can write through it");
        await Question(page).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(Question(page)).ToHaveCountAsync(0);
        Assert.Equal(NumberState.Connected, (await Queries.RowAsync(number))!.State);

        await page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await Question(page).GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page.Locator(".now")).ToContainTextAsync("is stopped");
        await worker.SayAsync(await worker.NextAsync(WorkerAction.Stop), new SessionClosed(0, "stopped", false, true));
        await Notices(page).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        var restart = await worker.NextAsync(WorkerAction.Restart);
        await worker.SayAsync(restart, new SessionStarting());
        await worker.SayAsync(restart, new SessionConnected());
        await Expect(page.Locator(".now")).ToContainTextAsync("is connected");
        // What the session before still says is seen as such and changes nothing.
        await worker.SayAsync(create, new SessionClosed(CloseReasons.LoggedOut, null, false, false));
        await Expect(page.Locator(".line .ignored").First).ToContainTextAsync("Of an earlier session: ignored");

        await page.GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();
        await Expect(Dialog(page).GetByLabel(worker.Id, new() { Exact = true })).ToHaveCountAsync(0);
        await Dialog(page).GetByLabel(other.Id).CheckAsync();
        await Dialog(page).GetByRole(AriaRole.Button, new() { Name = "Move" }).ClickAsync();
        await Expect(page.Locator(".facts")).ToContainTextAsync($"{worker.Id} → {other.Id}");
        await worker.SayAsync(await worker.NextAsync(WorkerAction.Stop), new SessionClosed(0, "stopped", false, true));
        await worker.SayAsync(restart, new SessionClosed(0, "stopped", false, true));
        var moved = await other.NextAsync(WorkerAction.Create);
        await other.SayAsync(moved, new SessionConnected());
        await Expect(page.Locator(".now")).ToContainTextAsync("is connected");
        await Expect(page.Locator(".facts")).ToContainTextAsync(other.Id);
    }

    [Fact]
    public async Task List_FilteredByItsAddress_IsCountedAndExported()
    {
        await using var worker = await ScriptedWorker.StartAsync(Host.Services);
        var (_, name, phone, create) = await ConnectedAsync(worker, "Quincaillerie <b>Pikine</b>");
        await WaitingAsync(worker);
        var page = await SignInAsync(Admin);
        await GoAsync(page, "/numbers?worker=" + worker.Id);
        await Expect(page.Locator(".found")).ToHaveTextAsync("2 numbers");
        await page.GetByLabel("State").SelectOptionAsync("connected");
        await Expect(page.Locator(".found")).ToHaveTextAsync("1 number");
        await Expect(page).ToHaveURLAsync(new Uri(Host.Address, $"/numbers?state=connected&worker={worker.Id}").ToString());
        await Expect(page.Locator("tbody tr")).ToContainTextAsync(name);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("Healthy");
        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).ClickAsync());
        var lines = (await File.ReadAllTextAsync(await file.PathAsync())).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Contains(phone, lines[1], StringComparison.Ordinal);

        // The row follows its number, and leaves when it fits the filter no more.
        await worker.SayAsync(create, new SessionClosed(CloseReasons.Forbidden, null, false, true));
        await Expect(page.Locator(".page .empty")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Show all" }).ClickAsync();
        await Expect(page.Locator("tbody tr").Filter(new() { HasText = name })).ToContainTextAsync("Banned");
    }
}
