using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>Drivers from a file: first what would happen, line by line, then on a word the import itself.</summary>
public sealed partial class DriverImportPage
{
    private const int MaxShown = 100, MaxMegabytes = 4;

    // A file of another encoding is refused, not read as if it were UTF-8: names would be stored broken.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private string? _text;
    private string? _problem;
    private ImportPreview? _preview;
    private ImportResult? _result;
    private bool _busy;

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject]
    public required DriverService Drivers { get; set; }

    [Inject]
    public required ILogger<DriverImportPage> Logger { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Drivers> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private int New => _preview!.Lines.Count(l => !l.Known);

    private Task ReadAsync(InputFileChangeEventArgs e) => DoAsync(async () =>
    {
        (_preview, _result, _text) = (null, null, null);
        if (e.File.Size > MaxMegabytes * 1024 * 1024)
        {
            _problem = Words["ImportTooLarge", MaxMegabytes];
            return;
        }
        await using var file = e.File.OpenReadStream(MaxMegabytes * 1024 * 1024);
        using var reader = new StreamReader(file, Utf8);
        _text = await reader.ReadToEndAsync();
        _preview = await Drivers.PreviewCsvAsync(_text);
    });

    private Task ImportAsync() => DoAsync(async () =>
    {
        if (_text is null) return;
        _result = await Drivers.ImportCsvAsync(_text, (await Authentication).User.Id());
        (_preview, _text) = (null, null);
    });

    private async Task DoAsync(Func<Task> work)
    {
        if (_busy) return;
        (_busy, _problem) = (true, null);
        try
        {
            await work();
        }
        catch (Exception e) when (e is DecoderFallbackException or IOException)
        {
            _problem = Words["ImportUnreadable"];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var id = Guid.NewGuid().ToString("N")[..8];
            LogFailed(Logger, e, id);
            _problem = $"{Text["LoadFailedHelp"]} {id}";
        }
        finally
        {
            _busy = false;
        }
    }

    private string Problem(ImportError error)
    {
        var own = Words["Import_" + error.Code];
        return own.ResourceNotFound ? error.Problem : own.Value;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A list of drivers could not be imported ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
