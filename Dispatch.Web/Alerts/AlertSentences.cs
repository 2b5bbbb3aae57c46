using System.Globalization;
using Dispatch.Core.Alerts;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Alerts;

/// <summary>The console's own sentences for phones and receivers outside, in the language that is asked for and not in that of whoever is looking.</summary>
internal sealed class AlertSentences(IStringLocalizer<Resources.Alerts> words, IStringLocalizer<Resources.Rotation> findings) : IAlertSentences
{
    private readonly AlertWords _words = new(words, findings);

    public string Say(Alert alert, string language)
    {
        var before = CultureInfo.CurrentUICulture;
        try
        {
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
            return _words.Say(alert);
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }
}
