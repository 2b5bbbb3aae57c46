using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

public sealed partial class NumberStateMark
{
    [Parameter, EditorRequired]
    public NumberState State { get; set; }

    private string Icon => State switch
    {
        NumberState.Registered => "pending",
        NumberState.Validated => "outbox",
        NumberState.CommandSent => "send",
        NumberState.WaitingForWorker => "hourglass_top",
        NumberState.Starting => "power_settings_new",
        NumberState.WaitingQr => "qr_code_2",
        NumberState.Scanned => "phonelink_ring",
        NumberState.Connected => "check_circle",
        NumberState.Degraded => "warning",
        NumberState.Reconnecting => "sync",
        NumberState.QrExhausted => "timer_off",
        NumberState.LoggedOut => "link_off",
        NumberState.Banned => "block",
        NumberState.Replaced => "swap_horiz",
        NumberState.Stopped => "stop_circle",
        NumberState.Rejected => "cancel",
        NumberState.Failed => "error",
    };

    private string Tone => State switch
    {
        NumberState.Connected or NumberState.Scanned or NumberState.WaitingQr => "good",
        NumberState.Degraded or NumberState.Reconnecting or NumberState.QrExhausted or NumberState.LoggedOut or NumberState.Banned or NumberState.Replaced or NumberState.Failed
            or NumberState.WaitingForWorker => "bad",
        _ => "",
    };
}
