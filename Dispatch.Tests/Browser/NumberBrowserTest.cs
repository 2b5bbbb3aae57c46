using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using QRCoder;
using static Microsoft.Playwright.Assertions;

namespace Dispatch.Tests.Browser;

/// <summary>Clients, numbers and codes in browsers, with a worker that does what the test says. Every test has clients and workers of its own.</summary>
public abstract class NumberBrowserTest(ChromiumFixture chromium, BrowserHost host) : BrowserTest(chromium, host)
{
    protected const string Ops = "Cheikh Fall";
    private static int s_client = 100;

    protected ChromiumFixture Chromium { get; } = chromium;
    protected NumberService Numbers => Get<NumberService>();
    protected NumberQueries Queries => Get<NumberQueries>();

    protected T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    protected async Task<(long Client, long Number, string Name, string Phone)> ClientAsync(string name = "Boutique Sandaga")
    {
        var n = Interlocked.Increment(ref s_client);
        var (full, phone) = ($"{name} {n}", $"+22176500{n:0000}");
        var outcome = await Numbers.RegisterAsync(full, phone, NumberActor.Api);
        Assert.Equal(NumberResult.Done, outcome.Result);
        return (outcome.ClientId, outcome.NumberId, full, phone);
    }

    /// <summary>A number whose first code can be scanned.</summary>
    internal async Task<(long Number, string Name, string Phone, WorkerCommand Create, string Code)> WaitingAsync(ScriptedWorker worker, string name = "Boutique Sandaga")
    {
        var client = await ClientAsync(name);
        Assert.True((await Numbers.ValidateAsync(client.Client, worker.Id, NumberActor.Api)).Succeeded);
        var create = await worker.NextAsync(WorkerAction.Create);
        var code = NewCode();
        await worker.SayAsync(create, new SessionStarting());
        await worker.SayAsync(create, Qr(code, 1));
        await StateAsync(client.Number, NumberState.WaitingQr);
        return (client.Number, client.Name, client.Phone, create, code);
    }

    internal async Task<(long Number, string Name, string Phone, WorkerCommand Create)> ConnectedAsync(ScriptedWorker worker, string name = "Boutique Sandaga")
    {
        var (number, client, phone, create, _) = await WaitingAsync(worker, name);
        await worker.SayAsync(create, new SessionScanned());
        await worker.SayAsync(create, new SessionConnected());
        await worker.SayAsync(create, new HealthReported(HealthReported.HealthyStatus));
        await StateAsync(number, NumberState.Connected);
        return (number, client, phone, create);
    }

    protected Task StateAsync(long number, NumberState state) => Eventually.Async(async () => (await Queries.RowAsync(number))!.State == state);

    /// <summary>As WhatsApp gives them: text that is to be drawn. New each time.</summary>
    protected static string NewCode() => $"2@{Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(48))},test,{Guid.NewGuid():N}";

    protected static QrGenerated Qr(string code, int index) => new(code, QrForm.Raw, index, index == 1 ? QrSchedule.First : QrSchedule.Next) { At = TimeProvider.System.GetUtcNow().UtcDateTime };

    protected async Task<IPage> SignInAsOpsAsync(bool phone = false, string locale = "en-GB")
    {
        var page = await OpenAsync(locale: locale, phone: phone);
        await page.GetByRole(AriaRole.Button, new() { Name = Ops }).ClickAsync();
        await Expect(page.Locator("h1")).ToBeVisibleAsync();
        return page;
    }

    protected static ILocator Dialog(IPage page) => page.GetByRole(AriaRole.Dialog);

    protected static ILocator Picture(IPage page, int number) => page.Locator($"img.qr-code[data-code=\"{number}\"]");

    /// <summary>
    /// The picture on the screen is the code, module by module: what the camera of a phone would see is photographed, and each module is compared with the one the
    /// text has by the standard.
    /// </summary>
    protected async Task ShowsAsync(IPage page, int number, string code)
    {
        await Expect(Picture(page, number)).ToBeVisibleAsync();
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(code, QRCodeGenerator.ECCLevel.L);
        var expected = string.Concat(data.ModuleMatrix.SelectMany(row => row.Cast<bool>().Select(dark => dark ? '1' : '0')));
        Assert.Equal(expected, await ModulesAsync(page, Picture(page, number), data.ModuleMatrix.Count));
    }

    /// <summary>Reads a photograph of the element as so many modules a side, dark is 1; in a page of its own, so that no rule of ours is in the way.</summary>
    private static async Task<string> ModulesAsync(IPage page, ILocator picture, int modules)
    {
        const string look = """
            async ([source, n]) => {
              const image = new Image();
              image.src = source;
              await image.decode();
              const canvas = document.createElement("canvas");
              [canvas.width, canvas.height] = [image.width, image.height];
              const context = canvas.getContext("2d");
              context.drawImage(image, 0, 0);
              const pixels = context.getImageData(0, 0, image.width, image.height).data;
              let seen = "";
              for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
                const at = 4 * (Math.floor((y + 0.5) * image.height / n) * image.width + Math.floor((x + 0.5) * image.width / n));
                seen += pixels[at] + pixels[at + 1] + pixels[at + 2] < 384 ? "1" : "0";
              }
              return seen;
            }
            """;
        var photograph = Convert.ToBase64String(await picture.ScreenshotAsync());
        var blank = await page.Context.NewPageAsync();
        try
        {
            return await blank.EvaluateAsync<string>(look, new object[] { "data:image/png;base64," + photograph, modules });
        }
        finally
        {
            await blank.CloseAsync();
        }
    }
}
