using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>The whole page behind a link to a code. A document of its own: no circuit and no sign-in; without a script it reloads every five seconds.</summary>
public sealed partial class CodeLinkDocument
{
    [Parameter, EditorRequired]
    public CodeLinkStep Step { get; set; }

    /// <summary>With <see cref="CodeLinkStep.Open"/>.</summary>
    [Parameter]
    public CodeView? Code { get; set; }

    /// <summary>With <see cref="CodeLinkStep.Open"/>.</summary>
    [Parameter]
    public NumberDetails? Details { get; set; }

    /// <summary>UTC; with <see cref="CodeLinkStep.Open"/>.</summary>
    [Parameter]
    public DateTime? EndsAt { get; set; }

    /// <summary>It can change by itself.</summary>
    private bool IsMoving => Step == CodeLinkStep.Open && Code!.State != NumberState.Connected && !NumberRules.IsEnd(Code.State);

    private string Phone => PhoneNumbers.Show(Details!.Number.Phone);

    private string Said => Code!.State switch
    {
        NumberState.WaitingQr when Code.Png is not null => Words["CodeOf", Code.QrNumber, Code.Codes],
        NumberState.WaitingQr => Words["NextCodeComes"],
        NumberState.Scanned => Words["Finishing"],
        NumberState.Connected => Words["PublicConnected"],
        NumberState.QrExhausted => Words["PublicUsedUp"],
        var state when NumberRules.IsEnd(state) => Words["PublicFailed"],
        _ => Words["PublicWait"],
    };
}
