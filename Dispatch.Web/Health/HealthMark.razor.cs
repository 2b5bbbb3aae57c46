using Dispatch.Core.Health;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Health;

public sealed partial class HealthMark
{
    [Parameter, EditorRequired]
    public NodeHealth Status { get; set; }

    private string Icon => Status switch
    {
        NodeHealth.Healthy => "check_circle",
        NodeHealth.Degraded => "warning",
        NodeHealth.NotReady => "error",
    };
}
