using System.Globalization;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Shared;

/// <summary>A moment in the browser's zone. Relative: "3 min ago", kept true, with the exact time on hover.</summary>
public sealed partial class LocalTime : IDisposable
{
    private IDisposable? _tick;
    private TimeZoneInfo _renderedIn = TimeZoneInfo.Utc;
    private bool _disposed;

    /// <summary>UTC.</summary>
    [Parameter, EditorRequired]
    public DateTime Value { get; set; }

    [Parameter]
    public bool Relative { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private string Iso => Value.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    private string Title => Time.Exact(Value);
    private string Shown => Relative ? RelativeTime.Text(Time.UtcNow - Value, Text) : Time.Short(Value);

    protected override void OnParametersSet() => _renderedIn = Time.Zone;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        var zone = await Time.GetZoneAsync();
        if (_disposed) return;
        if (Relative) _tick = Time.OnTick(() => _ = InvokeAsync(StateHasChanged));
        if (!zone.Equals(_renderedIn)) StateHasChanged();
    }

    public void Dispose()
    {
        _disposed = true;
        _tick?.Dispose();
    }
}
