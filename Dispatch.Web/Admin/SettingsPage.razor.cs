using System.Globalization;
using Dispatch.Core.Live;
using Dispatch.Core.Settings;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Admin;

/// <summary>The thresholds of rotation, load and activity. A change holds as soon as it is saved; what is wrong is said beside its field.</summary>
public sealed partial class SettingsPage
{
    private const string One = "1", Zero = "0";
    private readonly Dictionary<string, string> _typed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _wrong = new(StringComparer.Ordinal);
    private IReadOnlyList<SettingRow>? _rows;
    private string? _saved;
    private bool _busy;

    [Inject]
    public required SettingsService Settings { get; set; }

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
        _saved = null;
        // An error goes as soon as it is mended; a new one is said on leaving the field, not while somebody types.
        if (Parse(row, text) is not null) _wrong.Remove(row.Definition.Key);
    }

    private void Check(SettingRow row)
    {
        if (Parse(row, Typed(row)) is not null) _wrong.Remove(row.Definition.Key);
        else _wrong[row.Definition.Key] = Words["OutOfRange", row.Definition.Min, row.Definition.Max];
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
            var changed = 0;
            foreach (var row in _rows)
            {
                if (Parse(row, Typed(row)) is not { } value || value == row.Value) continue;
                var outcome = await Settings.ChangeAsync(row.Definition.Key, value, Me, Stopping);
                if (outcome.Result == SettingResult.Done) changed++;
                else _wrong[row.Definition.Key] = Words["OutOfRange", row.Definition.Min, row.Definition.Max];
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

    /// <summary>Null: not a whole number within the limits.</summary>
    private static int? Parse(SettingRow row, string text) =>
        int.TryParse(text.Replace(" ", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        && value >= row.Definition.Min && value <= row.Definition.Max ? value : null;
}
