using Dispatch.Core.Live;
using Dispatch.Core.Numbers;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>
/// The code of a number, renewed by itself, until the phone is connected. Only shows what is: closing it changes nothing. The code lives in the fields of this
/// component as long as it is shown, and nowhere else on this side.
/// </summary>
public sealed partial class CodeDialog
{
    private NumberDetails? _details;
    private CodeView? _code;
    private LinkRow? _link;
    private LinkMade? _made;
    private ITimer? _timer;
    private string? _failed;
    private bool _busy, _copied;
    private int _turn;

    [Parameter, EditorRequired]
    public long NumberId { get; set; }

    [Inject]
    public required AdminCodes Codes { get; set; }

    [Inject]
    public required NumberQueries Queries { get; set; }

    [Inject]
    public required NumberService Numbers { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    private NumberRow? Number => _details?.Number;
    private bool IsShown => _code is { Png: not null, ExpiresAt: not null };
    private bool IsLast => _code!.QrNumber >= _code.Codes;
    private bool IsOver => _code!.State == NumberState.Connected || NumberRules.IsEnd(_code.State);
    private NumberButton Next => NumberSentences.Next(_code!.State, _code.Reason);

    /// <summary>Whoever holds the phone may have to wait for the code like everybody.</summary>
    private bool MayLink => _code is not null && (_code.State is NumberState.Validated or NumberState.CommandSent or NumberState.WaitingForWorker or NumberState.Starting or NumberState.WaitingQr);

    // A picture does not say when it was drawn; by the schedule it is so old.
    private DateTime RingFrom => _code!.ExpiresAt!.Value - QrSchedule.Life(_code.QrNumber);
    private string LinkAddress => Navigation.ToAbsoluteUri(CodeLinks.Address(_made!.Token)).ToString();

    private string Said => _code!.State switch
    {
        NumberState.WaitingQr when IsShown => Words["CodeOf", _code.QrNumber, _code.Codes],
        NumberState.WaitingQr => Words["NextCodeComes"],
        NumberState.Scanned => Words["Finishing"],
        NumberState.Connected => Words["ConnectedNow"],
        _ => Say.Sentence(Number!, _code),
    };

    private string Icon => _code!.State switch
    {
        NumberState.Connected => "check_circle",
        NumberState.Scanned => "phonelink_ring",
        _ when IsOver => "error",
        _ => "hourglass_top",
    };

    private string Tone => _code!.State == NumberState.Connected ? "good" : IsOver ? "bad" : "";

    public static Task OpenAsync(DialogService dialogs, string title, long numberId) => dialogs.OpenAsync<CodeDialog>(
        title, new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(NumberId)] = numberId },
        new DialogOptions { Width = "min(44rem, 96vw)", CloseDialogOnEsc = true, CssClass = "code-window" });

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Number(NumberId)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        var turn = ++_turn;
        var user = (await Authentication).User;
        await Time.GetZoneAsync();
        var code = await Codes.ReadAsync(user, NumberId, Stopping);
        var details = await Queries.FindAsync(NumberId, 1, Stopping);
        var link = await Codes.OpenLinkAsync(user, NumberId, Stopping);
        // The timer and a signal may read at once; the later reading counts.
        if (turn != _turn) return;
        (_code, _details, _link) = (code, details, link);
        if (_made?.Id != _link?.Id) _made = null;
        LookAgainAtTheEnd();
    }

    /// <summary>A code that is over must not stay in view until something happens.</summary>
    private void LookAgainAtTheEnd()
    {
        var now = Clock.GetUtcNow().UtcDateTime;
        DateTime?[] ends = [_code?.Png is null ? null : _code.ExpiresAt, _code?.PairingCode is null ? null : _code.PairingExpiresAt, _link?.ExpiresAt];
        if (ends.Min() is not { } next) return;
        _timer ??= Clock.CreateTimer(_ => _ = InvokeAsync(async () =>
        {
            if (Stopping.IsCancellationRequested) return;
            await ReloadAsync();
            StateHasChanged();
        }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change((next > now ? next - now : TimeSpan.Zero) + TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);
    }

    private Task RestartAsync() => DoAsync(async () => Say.Refusal(await Numbers.RestartAsync(NumberId, NumberActor.Admin(Me), _code!.Generation, Stopping)));

    private Task PairAsync() => DoAsync(async () => Say.Refusal(await Codes.AskPairingCodeAsync((await Authentication).User, NumberId, Stopping)));

    private Task MakeLinkAsync() => DoAsync(async () =>
    {
        _copied = false;
        _made = await Codes.MakeLinkAsync((await Authentication).User, NumberId, Stopping);
        return _made is null ? Words["NumberNotFound"].Value : null;
    });

    private Task RevokeAsync() => DoAsync(async () =>
    {
        await Codes.RevokeLinksAsync((await Authentication).User, NumberId, Stopping);
        return null;
    });

    private async Task CopyAsync() => _copied = await Browser.CopyAsync(LinkAddress);

    /// <summary>One at a time; what it returns is why it did not work.</summary>
    private async Task DoAsync(Func<Task<string?>> action)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            _failed = await action();
            await ReloadAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException)
        {
            // the dialog is closed
        }
        finally
        {
            _busy = false;
        }
    }

    /// <summary>In groups of four, as phones show it.</summary>
    private static string PairingLetters(string code) => code.Length == 8 ? $"{code[..4]}-{code[4..]}" : code;

    protected override async ValueTask DisposeMoreAsync()
    {
        if (_timer is not null) await _timer.DisposeAsync();
    }
}
