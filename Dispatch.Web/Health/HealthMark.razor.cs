using Dispatch.Core.Health;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Health;

public sealed partial class HealthMark
{
    [Parameter, EditorRequired]
    public NodeStatus Status { get; set; }

    private string Icon => Status switch
    {
        NodeStatus.Healthy => "check_circle",
        NodeStatus.Degraded => "warning",
        NodeStatus.NotReady => "error",
        NodeStatus.Stopped => "power_settings_new",
    };
}
