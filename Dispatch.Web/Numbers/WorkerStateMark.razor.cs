using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>Whether a worker takes numbers: shape, word and colour.</summary>
public sealed partial class WorkerStateMark
{
    [Parameter, EditorRequired]
    public WorkerState State { get; set; }

    private string Icon => State switch
    {
        WorkerState.Up => "check_circle",
        WorkerState.Draining => "move_down",
        WorkerState.Down => "cloud_off",
    };

    private string Tone => State switch
    {
        WorkerState.Up => "good",
        WorkerState.Draining => "",
        WorkerState.Down => "bad",
    };
}
