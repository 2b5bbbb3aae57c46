using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

public sealed partial class DriverStatusMark
{
    [Parameter, EditorRequired]
    public DriverStatus Status { get; set; }

    private string Icon => Status switch
    {
        DriverStatus.Available => "check_circle",
        DriverStatus.Busy => "local_taxi",
        DriverStatus.Paused => "pause_circle",
        DriverStatus.Offline => "do_not_disturb_on",
    };
}
