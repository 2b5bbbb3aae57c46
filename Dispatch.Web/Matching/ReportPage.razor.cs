using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>The daily and the weekly report, for the screen and for paper.</summary>
public sealed partial class ReportPage
{
    private MatchingStats? _stats, _before;
    private IReadOnlyList<DailyLine> _days = [];
    private IReadOnlyList<ZoneMetrics> _zones = [];
    private IReadOnlyList<HourMetrics> _hours = [];
    private IReadOnlyList<DriverLine> _drivers = [];
    private ReportView? _shown;
    private string? _failure;

    [SupplyParameterFromQuery(Name = "kind")]
    public string? KindParameter { get; set; }

    [SupplyParameterFromQuery(Name = "day")]
    public string? DayParameter { get; set; }

    [Inject]
    public required MetricsService Metrics { get; set; }

    [Inject]
    public required MatchingFrames Frames { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required FigureWords Figures { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Figures> Words { get; set; }

    [Inject]
    public required ILogger<ReportPage> Logger { get; set; }

    private ReportView View => ReportView.Of(KindParameter, DayParameter, Today(Clock, Frames));
    private string Title => View.Weekly ? Words["WeeklyTitle", Date(View.Day), Date(View.Day.AddDays(6))] : Words["DailyTitle", Date(View.Day)];

    /// <summary>Where the house is, not where the browser is: a report is of one day for everybody.</summary>
    internal static DateOnly Today(TimeProvider clock, MatchingFrames frames) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(clock.GetUtcNow().UtcDateTime, frames.Zone));

    protected override async Task OnParametersSetAsync()
    {
        if (_shown != View) await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var view = _shown = View;
        try
        {
            if (view.Weekly)
            {
                var week = await Metrics.GenerateWeeklyReportAsync(view.Day);
                if (view != _shown) return;
                (_stats, _before, _days, _zones, _hours, _drivers) = (week.Stats, week.Before, week.Days, week.Zones, week.Hours, week.TopDrivers);
            }
            else
            {
                var day = await Metrics.GenerateDailyReportAsync(view.Day);
                if (view != _shown) return;
                (_stats, _before, _days, _zones, _hours, _drivers) = (day.Stats, null, [], day.Zones, day.Hours, day.TopDrivers);
            }
            _failure = null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogFailed(Logger, e, _failure);
        }
    }

    private static string Date(DateOnly day) => day.ToString("ddd d MMM yyyy", CultureInfo.CurrentCulture);

    [LoggerMessage(Level = LogLevel.Error, Message = "A report could not be made ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
