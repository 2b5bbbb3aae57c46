namespace Dispatch.Core.Alerts;

/// <summary>An alert in words, for phones and receivers outside. The console has them in two languages; without it the kind is all there is to say.</summary>
public interface IAlertSentences
{
    /// <param name="language">fr or en.</param>
    string Say(Alert alert, string language);
}

internal sealed class PlainAlertSentences : IAlertSentences
{
    public string Say(Alert alert, string language) => string.Join(' ', new[] { alert.Kind.ToString(), alert.Subject, alert.Details }.Where(t => !string.IsNullOrEmpty(t)));
}
