using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

public sealed partial class ActionSteps
{
    [Parameter, EditorRequired]
    public ActionRow Action { get; set; } = null!;

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback<ActionStep> OnStep { get; set; }

    /// <summary>No icon says by itself which of the two somebody decides.</summary>
    private static bool InWords(ActionStep step) => step is ActionStep.WasSent or ActionStep.WasNotSent;

    internal static string Icon(ActionStep step) => step switch
    {
        ActionStep.RunNow => "play_arrow",
        ActionStep.Cancel => "close",
        ActionStep.Retry => "replay",
        ActionStep.WasSent => "done_all",
        ActionStep.WasNotSent => "unsubscribe",
        ActionStep.AskGateway => "contact_support",
    };
}
