using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>Which step's texts are open, as the address says.</summary>
/// <param name="Kind">Such as <c>send_followup_A1</c>.</param>
public sealed record SequencesView(string Kind, string Language)
{
    public static SequencesView Of(string? kind, string? language) => new(
        ActionKinds.TypeOf(kind) is null ? ActionKinds.FirstContact : kind!, OutreachTexts.Languages.Contains(language, StringComparer.Ordinal) ? language! : OutreachTexts.Languages[0]);

    public string Url => new OutreachUrl("/sequences").Add("step", Kind).Add("lang", Language).ToString() + "#texts";
}
