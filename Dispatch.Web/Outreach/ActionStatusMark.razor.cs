using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

public sealed partial class ActionStatusMark
{
    [Parameter, EditorRequired]
    public ActionStatus Status { get; set; }

    private string Icon => Status switch
    {
        ActionStatus.Pending => "schedule",
        ActionStatus.Claimed => "front_hand",
        ActionStatus.Sending => "send",
        ActionStatus.Success => "check_circle",
        ActionStatus.Failed => "error",
        ActionStatus.Uncertain => "help",
        ActionStatus.Cancelled => "cancel",
    };

    private string Tone => Status switch
    {
        ActionStatus.Success or ActionStatus.Sending => "good",
        ActionStatus.Failed or ActionStatus.Uncertain => "bad",
        _ => "",
    };
}
