using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Admin;

/// <summary>The thresholds of rotation, load and activity. A change holds as soon as it is saved; what is wrong is said beside its field.</summary>
public sealed partial class SettingsPage
{
    private const string One = "1", Zero = "0";
    private readonly Dictionary<string, string> _typed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _wrong = new(StringComparer.Ordinal);
    private IReadOnlyList<SettingRow>? _rows;
    private IReadOnlyList<RetentionPreview>? _previews;
    private string? _saved;
    private bool _busy;

    [Inject]
    public required SettingsService Settings { get; set; }

    [Inject]
    public required RetentionService Retention { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        // What somebody is typing stays; what a colleague saved meanwhile is seen in the other fields.
        if (changes.Count == 0 || changes.Any(c => c.Name == EventNames.SettingsChanged)) _rows = await Settings.ListAsync(Stopping);
    }

    private static string Stored(SettingRow row) => row.Value.ToString(CultureInfo.InvariantCulture);

    private string Typed(SettingRow row) => _typed.GetValueOrDefault(row.Definition.Key) ?? Stored(row);

    private void Type(SettingRow row, string text)
    {
        _typed[row.Definition.Key] = text;
        _previews = null;
        _saved = null;
        // An error goes as soon as it is mended; a new one is said on leaving the field, not while somebody types.
        if (Parse(row, text) is not null) _wrong.Remove(row.Definition.Key);
    }

    private void Check(SettingRow row)
    {
        if (Parse(row, Typed(row)) is not null) _wrong.Remove(row.Definition.Key);
        else _wrong[row.Definition.Key] = OutOfRange(row.Definition);
    }

    private async Task SaveAsync()
    {
        if (_busy || _rows is null) return;
        foreach (var row in _rows) Check(row);
        if (_wrong.Count > 0)
        {
            _saved = null;
            await Browser.FocusAsync(".settings [aria-invalid=true]");
            return;
        }
        _busy = true;
        try
        {
            if (!await MayDeleteAsync()) return;
            var changed = 0;
            foreach (var row in _rows)
            {
                if (Parse(row, Typed(row)) is not { } value || value == row.Value) continue;
                var outcome = await Settings.ChangeAsync(row.Definition.Key, value, Me, Stopping);
                if (outcome.Result == SettingResult.Done) changed++;
                else _wrong[row.Definition.Key] = OutOfRange(row.Definition);
            }
            _typed.Clear();
            _saved = Words[changed == 0 ? "NothingChanged" : "Saved"];
            await ReloadAsync();
        }
        finally
        {
            _busy = false;
        }
    }

    private string OutOfRange(SettingDefinition d) => Words[d.OrZero ? "OutOfRangeOrZero" : "OutOfRange", d.Min, d.Max];

    private string Limits(SettingDefinition d) => d.Unit == SettingUnit.Flag ? "" : " " + Words[d.OrZero ? "LimitsOrZero" : "Limits", d.Min, d.Max, d.Standard];

    private static string Group(SettingRow row) => row.Definition.Key.Split('.')[0];

    /// <summary>What would go with what is typed now, saved or not.</summary>
    private async Task PreviewAsync() => _previews = await Retention.PreviewAsync(TypedDays(), Clock.GetUtcNow().UtcDateTime, Stopping);

    private Dictionary<RetentionKind, int> TypedDays() => Enum.GetValues<RetentionKind>()
        .Select(kind => (kind, row: _rows!.First(r => r.Definition == RetentionSettings.KeyOf(kind)))).Where(k => Parse(k.row, Typed(k.row)) is not null)
        .ToDictionary(k => k.kind, k => Parse(k.row, Typed(k.row))!.Value);

    /// <summary>Fewer days delete what nobody can bring back: that is asked, with the figures.</summary>
    private async Task<bool> MayDeleteAsync()
    {
        var days = TypedDays();
        var shorter = days.Where(d => d.Value > 0 && _rows!.First(r => r.Definition == RetentionSettings.KeyOf(d.Key)).Value is var now && (now == 0 || d.Value < now)).Select(d => d.Key).ToHashSet();
        if (shorter.Count == 0) return true;
        _previews = await Retention.PreviewAsync(days, Clock.GetUtcNow().UtcDateTime, Stopping);
        var parts = _previews.Where(p => shorter.Contains(p.Kind) && p.Rows > 0)
            .Select(p => $"{Words["Retention_" + p.Kind]}: {(p.More ? Words["MoreThan", p.Rows.ToString("N0", CultureInfo.CurrentCulture)].Value : p.Rows.ToString("N0", CultureInfo.CurrentCulture))}").ToList();
        return parts.Count == 0 || await Dialogs.Confirm(Words["DeleteAsk", string.Join("; ", parts)], Words["DeleteTitle"],
            new ConfirmOptions { OkButtonText = Words["DeleteTitle"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) == true;
    }

    /// <summary>Null: not a whole number within the limits.</summary>
    private static int? Parse(SettingRow row, string text) =>
        int.TryParse(text.Replace(" ", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        && row.Definition.Allows(value) ? value : null;
}
