using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Dispatch.Core.Outreach;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Outreach;

/// <summary>One variant of one text: what is typed, what is wrong with it, and how a real prospect would read it.</summary>
public sealed partial class VariantEditor
{
    private string _text = "";
    private bool _busy;
    private IReadOnlyList<string> _wrong = [];

    [Parameter, EditorRequired]
    public required OutreachTemplateView View { get; set; }

    /// <summary>Whom the preview is for; null: there is nobody yet.</summary>
    [Parameter]
    public ProspectRow? Sample { get; set; }

    /// <summary>Not stored yet.</summary>
    [Parameter]
    public bool IsNew { get; set; }

    [Parameter]
    public bool MayEdit { get; set; }

    /// <summary>Who saves.</summary>
    [Parameter]
    public long Me { get; set; }

    /// <summary>With the sentence to say.</summary>
    [Parameter]
    public EventCallback<string> OnSaved { get; set; }

    [Parameter]
    public EventCallback OnDropped { get; set; }

    [Inject]
    public required OutreachTemplates Templates { get; set; }

    [Inject]
    public required OutreachSentences Say { get; set; }

    private string Id => $"text-{View.Kind}-{View.Language}-{View.Variant}";
    private string Name => Words["VariantNo", View.Variant];

    private Composed Filled => MessageComposer.Fill(_text, new ProspectCard(Sample!.Id, Sample.Name, Sample.Address, Sample.Company, Sample.Language), Sample.AccountName);

    /// <summary>A name that nobody knows is not a value that is missing.</summary>
    private string? Problem => Placeholders.Unknown(_text, MessageComposer.Known).FirstOrDefault() is { } unknown
        ? Words["UnknownPlaceholder", $"{{{unknown}}}", MessageComposer.Allowed] : Say.Error(Filled.Problem);

    protected override void OnInitialized() => _text = View.Text;

    private void Type(string text)
    {
        _text = text.ReplaceLineEndings("\n");
        // An error goes as soon as it is mended; a new one is said on leaving the field, not while somebody types.
        if (_wrong.Count > 0) Check();
    }

    private void Check() => _wrong = [.. OutreachTemplates.Check(View.Kind, View.Language, View.Variant, _text).Select(Sentence)];

    private async Task SaveAsync()
    {
        if (_busy || !MayEdit) return;
        Check();
        if (_wrong.Count == 0) await StoreAsync(_text, Words["VariantSaved", View.Variant]);
    }

    private Task RemoveAsync() => IsNew ? OnDropped.InvokeAsync() : StoreAsync(null, Words["VariantRemoved", View.Variant]);

    private async Task StoreAsync(string? text, string said)
    {
        _busy = true;
        try
        {
            var errors = await Templates.SetAsync(View.Kind, View.Language, View.Variant, text, Me);
            _wrong = [.. errors.Select(Sentence)];
            if (errors.Count == 0) await OnSaved.InvokeAsync(said);
        }
        finally
        {
            _busy = false;
        }
    }

    private string Sentence(FieldError error) => error.Code switch
    {
        "BadLength" => Words["TextLength"],
        "UnknownPlaceholder" => Words["UnknownPlaceholder", string.Join(", ", Placeholders.Unknown(_text, MessageComposer.Known).Select(n => $"{{{n}}}")), MessageComposer.Allowed],
        _ => error.Allowed,
    };
}
