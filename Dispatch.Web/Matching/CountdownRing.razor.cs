using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>How much is left of a time that ends, as a ring that empties.</summary>
public sealed partial class CountdownRing
{
    private (DateTime From, DateTime Until) _shown;
    private string _style = "";
    private string _text = "";
    private string _left = "";

    /// <summary>UTC.</summary>
    [Parameter, EditorRequired]
    public DateTime From { get; set; }

    /// <summary>UTC.</summary>
    [Parameter, EditorRequired]
    public DateTime Until { get; set; }

    /// <summary>What it counts down to, with the time: for screen readers, which do not read the figures.</summary>
    [Parameter, EditorRequired]
    public string Label { get; set; } = "";

    [Inject]
    public required TimeProvider Clock { get; set; }

    /// <summary>"4:05", "1:02:03", "0:00".</summary>
    public static string Text(TimeSpan left)
    {
        var seconds = (long)Math.Ceiling(Math.Max(0, left.TotalSeconds));
        return seconds >= 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}:{seconds % 60:00}");
    }

    protected override void OnParametersSet()
    {
        // Computed once for a deadline: computed again, the running animation would add what has passed a second time.
        if (_shown == (From, Until)) return;
        _shown = (From, Until);
        var now = Clock.GetUtcNow().UtcDateTime;
        var total = Math.Max(1, (Until - From).TotalMilliseconds);
        var gone = Math.Clamp((now - From).TotalMilliseconds, 0, total);
        _left = Math.Max(0, (Until - now).TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);
        _style = string.Create(CultureInfo.InvariantCulture, $"animation-duration:{total:0}ms;animation-delay:-{gone:0}ms;--gone:{100 * gone / total:0.##}");
        _text = Text(Until - now);
    }
}
