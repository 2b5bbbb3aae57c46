using System.Globalization;
using Microsoft.JSInterop;

namespace Dispatch.Web.Browser;

/// <summary>Times as the person in front of the browser reads them. UTC until the browser has said where it is, and on pages without a circuit.</summary>
public sealed class BrowserTime(BrowserInterop browser, TimeProvider clock) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(20);
    private readonly CancellationTokenSource _stop = new();
    private Task<TimeZoneInfo>? _zone;
    private Task? _ticking;
    private Action? _ticked;

    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    public DateTime UtcNow => clock.GetUtcNow().UtcDateTime;

    /// <summary>Asks the browser once per circuit. Call after the first render.</summary>
    public Task<TimeZoneInfo> GetZoneAsync() => _zone ??= AskAsync();

    public DateTime ToLocal(DateTime utc) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), Zone);

    /// <summary>Date and time in full, for a title or a detail.</summary>
    public string Exact(DateTime utc) => ToLocal(utc).ToString("f", CultureInfo.CurrentCulture);

    /// <summary>In a format of one's own, such as <c>T</c> for the time with its seconds.</summary>
    public string Exact(DateTime utc, string format) => ToLocal(utc).ToString(format, CultureInfo.CurrentCulture);

    /// <summary>The time today, with the date on other days, with the year in others.</summary>
    public string Short(DateTime utc)
    {
        var local = ToLocal(utc);
        var today = ToLocal(UtcNow).Date;
        if (local.Date == today) return local.ToString("t", CultureInfo.CurrentCulture);
        var culture = CultureInfo.CurrentCulture;
        return local.Year == today.Year ? local.ToString("d MMM ", culture) + local.ToString("t", culture) : local.ToString("g", culture);
    }

    /// <summary>With seconds, for time lines where they count.</summary>
    public string Precise(DateTime utc)
    {
        var local = ToLocal(utc);
        var time = local.ToString("T", CultureInfo.CurrentCulture);
        return local.Date == ToLocal(UtcNow).Date ? time : local.ToString("d MMM ", CultureInfo.CurrentCulture) + time;
    }

    /// <summary>What somebody typed as the time of his place; an hour that a change of clocks leaves out is the one after it.</summary>
    public DateTime ToUtc(DateTime local)
    {
        var plain = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        return TimeZoneInfo.ConvertTimeToUtc(Zone.IsInvalidTime(plain) ? plain.AddHours(1) : plain, Zone);
    }

    /// <summary>Calls back now and then so that relative times stay true; one timer for the whole page. Dispose to stop.</summary>
    public IDisposable OnTick(Action action)
    {
        _ticked += action;
        _ticking ??= TickAsync();
        return new Unsubscribe(() => _ticked -= action);
    }

    private async Task<TimeZoneInfo> AskAsync()
    {
        try
        {
            // An unknown or missing zone name is not worth an error page: UTC it stays.
            if (await browser.ZoneAsync() is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)) Zone = zone;
        }
        catch (Exception e) when (e is JSException or JSDisconnectedException)
        {
            // UTC
        }
        return Zone;
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(Tick, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token)) _ticked?.Invoke();
        }
        catch (OperationCanceledException)
        {
            // the circuit ends
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_ticking is not null) await _ticking;
        _stop.Dispose();
    }

    private sealed class Unsubscribe(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
