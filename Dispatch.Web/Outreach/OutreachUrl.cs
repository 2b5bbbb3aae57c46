using System.Globalization;
using System.Text;

namespace Dispatch.Web.Outreach;

/// <summary>An address with its filters: what is empty is left out, so that the same view always has the same address.</summary>
internal sealed class OutreachUrl(string path)
{
    private readonly StringBuilder _url = new(path);
    private bool _first = true;

    public OutreachUrl Add(string key, string? value)
    {
        if (string.IsNullOrEmpty(value)) return this;
        _url.Append(_first ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        _first = false;
        return this;
    }

    public OutreachUrl Add(string key, long? value) => Add(key, value?.ToString(CultureInfo.InvariantCulture));

    public OutreachUrl Add<T>(string key, T? word)
        where T : struct, Enum => Add(key, word?.ToString().ToLowerInvariant());

    public OutreachUrl Add(string key, DateOnly? day) => Add(key, day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    /// <summary>The first page is not named.</summary>
    public OutreachUrl Page(int page) => page > 1 ? Add("page", page) : this;

    public override string ToString() => _url.ToString();

    /// <summary>Null: not one of the words.</summary>
    public static T? Word<T>(string? word)
        where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) && string.Equals(value.ToString(), word, StringComparison.OrdinalIgnoreCase) ? value : null;

    public static DateOnly? Day(string? day) => DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value) ? value : null;
}
