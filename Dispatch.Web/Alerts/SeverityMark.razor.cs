using Dispatch.Core.Alerts;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Alerts;

public sealed partial class SeverityMark
{
    [Parameter, EditorRequired]
    public AlertSeverity Severity { get; set; }

    /// <summary>The word is for screen readers only.</summary>
    [Parameter]
    public bool IconOnly { get; set; }

    private string Icon => Severity switch
    {
        AlertSeverity.Info => "info",
        AlertSeverity.Warning => "warning",
        AlertSeverity.Critical => "error",
    };
}
