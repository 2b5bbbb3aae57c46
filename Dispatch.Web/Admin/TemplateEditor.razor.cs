using System.Text.RegularExpressions;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Admin;

/// <summary>One text in one language: what is typed, what is wrong with it, and how it will look to whoever gets it.</summary>
public sealed partial class TemplateEditor
{
    private const int MinRows = 3, MaxRows = 18;
    private string _text = "";
    private string? _said;
    private bool _busy;
    private IReadOnlyList<string> _wrong = [];

    [Parameter, EditorRequired]
    public required TemplateView View { get; set; }

    [Parameter]
    public EventCallback OnSaved { get; set; }

    /// <summary>Who saves.</summary>
    [Parameter]
    public long Me { get; set; }

    [Inject]
    public required TemplateService Templates { get; set; }

    private string Id => "text-" + View.Language;
    private string LanguageName => Words["Language_" + View.Language];
    private int Rows => Math.Clamp(_text.Count(c => c == '\n') + 2, MinRows, MaxRows);
    private static int MaxLength => TemplateRules.MaxLength;

    protected override void OnInitialized() => _text = View.Text;

    private void Type(string text)
    {
        _text = text.ReplaceLineEndings("\n");
        _said = null;
        // An error goes as soon as it is mended; a new one is said on leaving the field, not while somebody types.
        if (_wrong.Count > 0) Check();
    }

    private void Check() => _wrong = [.. TemplateRules.Check(View.Key, _text).Select(Sentence)];

    private async Task SaveAsync()
    {
        if (_busy) return;
        Check();
        if (_wrong.Count > 0) return;
        await StoreAsync(_text == View.Standard ? null : _text, "Saved");
    }

    private Task StandardAsync() => StoreAsync(null, "IsStandard");

    private async Task StoreAsync(string? text, string said)
    {
        _busy = true;
        try
        {
            var errors = await Templates.SetAsync(View.Key, View.Language, text, Me);
            _wrong = [.. errors.Select(Sentence)];
            if (errors.Count > 0) return;
            _text = text ?? View.Standard;
            _said = Words[said];
            await OnSaved.InvokeAsync();
        }
        finally
        {
            _busy = false;
        }
    }

    private string Sentence(FieldError error) => error.Code switch
    {
        "BadLength" => Words["BadLength", MaxLength],
        "UnknownPlaceholder" => Words["UnknownPlaceholder", string.Join(", ", TemplateRules.Unknown(View.Key, _text).Select(n => $"{{{n}}}"))],
        _ => error.Allowed,
    };

    /// <summary>Built here and not in markup, whose line ends would be seen: the bubble keeps those of the text.</summary>
    private RenderFragment Preview => builder =>
    {
        foreach (var (part, bold) in Parts(TemplateSamples.Fill(View.Key, View.Language, _text)))
        {
            if (bold) builder.OpenElement(0, "strong");
            builder.AddContent(1, part);
            if (bold) builder.CloseElement();
        }
    };

    /// <summary>WhatsApp shows what stands between stars in bold.</summary>
    private static IEnumerable<(string Text, bool Bold)> Parts(string text)
    {
        var at = 0;
        foreach (Match match in Starred().Matches(text))
        {
            yield return (text[at..match.Index], false);
            yield return (match.Groups["bold"].Value, true);
            at = match.Index + match.Length;
        }
        yield return (text[at..], false);
    }

    [GeneratedRegex(@"(?<!\w)\*(?<bold>[^*\n]+)\*(?!\w)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Starred();
}
