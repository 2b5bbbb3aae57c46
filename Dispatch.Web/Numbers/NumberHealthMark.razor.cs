using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>How well a connection is, as its worker reports.</summary>
public sealed partial class NumberHealthMark
{
    [Parameter, EditorRequired]
    public NumberHealth Health { get; set; }

    private string Icon => Health switch
    {
        NumberHealth.Unknown => "",
        NumberHealth.Healthy => "favorite",
        NumberHealth.Unhealthy => "heart_broken",
        NumberHealth.Missing => "question_mark",
    };
}
