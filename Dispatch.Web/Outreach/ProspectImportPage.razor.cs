using System.Globalization;
using System.Text;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Outreach;

/// <summary>Prospects from a file: first what would happen, line by line, then on a word the import itself. The same file twice changes nothing.</summary>
public sealed partial class ProspectImportPage
{
    private const int MaxShown = 100, MaxMegabytes = 4;

    // A file of another encoding is refused, not read as if it were UTF-8: names would be stored broken.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private IReadOnlyList<AccountName>? _accounts;
    private string _language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "en" ? "en" : "fr";
    private long _account;
    private bool _contact = true, _automatic, _busy;
    private string? _text, _problem;
    private ProspectPreview? _preview;
    private ProspectImportResult? _result;

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject]
    public required ProspectImport Importer { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required ILogger<ProspectImportPage> Logger { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Outreach> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private int New => _preview!.Lines.Count(l => !l.Known);
    private ProspectImportPlan Plan => new(_account, _language, _contact, _automatic);

    protected override async Task OnInitializedAsync()
    {
        await DoAsync(async () => _accounts = await Queries.AccountNamesAsync());
        _account = _accounts is [var first, ..] ? first.Id : 0;
    }

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
        _preview = await Importer.PreviewAsync(_text, Plan);
    });

    /// <summary>Another account knows others.</summary>
    private Task PreviewAsync() => _text is null ? Task.CompletedTask : DoAsync(async () => _preview = await Importer.PreviewAsync(_text, Plan));

    private Task ImportAsync() => DoAsync(async () =>
    {
        if (_text is null) return;
        _result = await Importer.ImportAsync(_text, Plan, (await Authentication).User.Id());
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

    [LoggerMessage(Level = LogLevel.Error, Message = "A list of prospects could not be imported ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
