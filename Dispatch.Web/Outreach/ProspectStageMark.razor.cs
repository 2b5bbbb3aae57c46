using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

public sealed partial class ProspectStageMark
{
    [Parameter, EditorRequired]
    public ProspectStage Stage { get; set; }

    private string Icon => Stage switch
    {
        ProspectStage.New => "person_add",
        ProspectStage.Invited => "person_check",
        ProspectStage.Contacted => "outgoing_mail",
        ProspectStage.Answered => "mark_chat_read",
        ProspectStage.Stopped => "block",
    };

    private string Tone => Stage switch { ProspectStage.Answered => "good", ProspectStage.Stopped => "bad", _ => "" };
}
