using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Health;
using Dispatch.Core.Live;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Health;

/// <summary>How the processes of Dispatch are and were: this one from memory, all from the history of the last day.</summary>
public sealed partial class HealthPage
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1), Again = TimeSpan.FromSeconds(30);
    private static readonly NodeHealth[] Shown = [NodeHealth.Healthy, NodeHealth.Degraded, NodeHealth.NotReady];
    private IReadOnlyList<NodeProblem> _problems = [];
    private HealthView? _view;
    private ITimer? _timer;

    [Inject]
    public required NodeProblems Problems { get; set; }

    [Inject]
    public required HealthHistory History { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Alerts> Kinds { get; set; }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    private static CultureInfo Culture => CultureInfo.CurrentUICulture;

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Alerts];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        // From memory first: it is there whatever the database says.
        _problems = Problems.Current;
        _timer ??= Clock.CreateTimer(_ => _ = InvokeAsync(async () =>
        {
            await ReloadAsync();
            StateHasChanged();
        }), null, Again, Again);
        _view = await History.ReadAsync(Day, Stopping);
    }

    private string StripLabel(NodeHistory node) => Words["StripLabel", node.Node, node.Ready.ToString("P1", Culture)];

    private static string ClassOf(HealthCell cell) => cell.Status?.ToString().ToLowerInvariant() ?? "";

    private string TitleOf(HealthCell cell)
    {
        var status = cell.Status is { } known ? Words["Status_" + known].Value : Words["Unknown"].Value;
        return cell.Problems.Length == 0 ? $"{Time.Short(cell.From)} {status}" : $"{Time.Short(cell.From)} {status}: {Named(cell.Problems)}";
    }

    /// <summary>"LoopStopped PendingDrain, DiskFull" in the reader's words.</summary>
    private string Named(string problems) => string.Join(", ", problems.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(problem =>
    {
        var space = problem.IndexOf(' ', StringComparison.Ordinal);
        var (kind, subject) = space < 0 ? (problem, "") : (problem[..space], problem[space..]);
        return Enum.TryParse<AlertKind>(kind, out var known) ? Kinds["Kind_" + known] + subject : problem;
    }));

    protected override ValueTask DisposeMoreAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
}
