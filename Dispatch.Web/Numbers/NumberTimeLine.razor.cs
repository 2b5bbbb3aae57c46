using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>What happened to a number, the newest on top; what was ignored is shown as such.</summary>
public sealed partial class NumberTimeLine
{
    [Parameter, EditorRequired]
    public IReadOnlyList<NumberEventRow> Items { get; set; } = [];

    private static string Class(NumberEventRow e) => e switch
    {
        { Verdict: NumberVerdict.Illegal or NumberVerdict.ForeignWorker } => "odd",
        { Verdict: not NumberVerdict.Applied } => "ignored",
        { ToState: NumberState.Connected } when e.FromState != NumberState.Connected => "good",
        _ when e.FromState != e.ToState && (NumberRules.IsEnd(e.ToState) || e.ToState == NumberState.Degraded) => "bad",
        _ => "",
    };

    private static string Icon(NumberEventRow e) => e.Verdict != NumberVerdict.Applied ? "block" : e.Kind switch
    {
        NumberTrigger.Validate => "check",
        NumberTrigger.Reject => "close",
        NumberTrigger.Restart => "restart_alt",
        NumberTrigger.Logout or NumberTrigger.LoggedOut => "link_off",
        NumberTrigger.Stop or NumberTrigger.SessionStopped => "stop_circle",
        NumberTrigger.Move => "move_up",
        NumberTrigger.CommandPublished => "outbox",
        NumberTrigger.CommandReturned => "undo",
        NumberTrigger.DeadlinePassed => "timer_off",
        NumberTrigger.WorkerLost => "cloud_off",
        NumberTrigger.Starting => "power_settings_new",
        NumberTrigger.QrGenerated => "qr_code_2",
        NumberTrigger.PairingCode => "pin",
        NumberTrigger.Scanned => "phonelink_ring",
        NumberTrigger.Connected => "check_circle",
        NumberTrigger.Healthy => "favorite",
        NumberTrigger.Unhealthy => "heart_broken",
        NumberTrigger.Closed => "power_off",
        NumberTrigger.CodesUsedUp => "hourglass_disabled",
        NumberTrigger.CommandFailed => "error",
    };
}
