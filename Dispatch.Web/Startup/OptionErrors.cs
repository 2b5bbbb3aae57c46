using System.Globalization;

namespace Dispatch.Web.Startup;

/// <summary>Reads settings and remembers every one that is wrong, so that all of them are said at once.</summary>
internal sealed class OptionErrors(IConfiguration configuration)
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string key, string wrong, string allowed) => _lines.Add($"{key}: {wrong}; allowed: {allowed}");

    public string? Text(string key) => configuration[key] is { Length: > 0 } value ? value : null;

    public bool Has(string section) => configuration.GetSection(section).GetChildren().Any();

    public IEnumerable<IConfigurationSection> Children(string section) => configuration.GetSection(section).GetChildren();

    public string[] List(string key) => [.. configuration.GetSection(key).GetChildren().Select(c => c.Value ?? "")];

    public int Number(string key, int standard, int least, int most)
    {
        if (Text(key) is not { } text) return standard;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        Add(key, $"'{text}' does not fit", $"a whole number from {least} to {most}");
        return standard;
    }

    public double Decimal(string key, double standard, double least, double most)
    {
        if (Text(key) is not { } text) return standard;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
        Add(key, $"'{text}' does not fit", string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"));
        return standard;
    }

    public bool Flag(string key, bool standard)
    {
        if (Text(key) is not { } text) return standard;
        if (bool.TryParse(text, out var value)) return value;
        Add(key, $"'{text}' is neither yes nor no", "true or false");
        return standard;
    }

    public TimeSpan Time(string key, TimeSpan standard, TimeSpan least, TimeSpan most)
    {
        if (Text(key) is not { } text) return standard;
        // "90" would be ninety days to TimeSpan: nobody who writes it means that.
        if (text.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }
        Add(key, $"'{text}' does not fit", $"a time from {least:c} to {most:c}, written hours:minutes:seconds");
        return standard;
    }

    public T Word<T>(string key, T standard)
        where T : struct, Enum
    {
        if (Text(key) is not { } text) return standard;
        if (Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0])) return value;
        Add(key, $"'{text}' is not known", string.Join(", ", Enum.GetNames<T>()));
        return standard;
    }

    public void Address(string key)
    {
        if (Text(key) is { } text && !IsWebAddress(text)) Add(key, $"'{text}' is not a web address", "http:// or https:// and a host");
    }

    public static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0;
}
