using System.Globalization;
using System.Text.Json;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Broker;

/// <summary>
/// Reads an object that somebody else wrote: fields in any order, unknown ones ignored, numbers as numbers or texts, and each field at the top or in
/// <c>data</c> (the command of seed 002 nests, its answers do not). The first field that is wrong is remembered with what was expected.
/// </summary>
internal sealed class WireReader
{
    private const long Milliseconds = 100_000_000_000;
    private static readonly long Earliest = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly long Latest = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private readonly JsonElement _root, _data;

    public WireReader(JsonElement root)
    {
        _root = root;
        _data = root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : default;
    }

    /// <summary>What the first wrong or missing field is: <c>numberId: missing; allowed: a whole number</c>. Never its value.</summary>
    public string? Wrong { get; private set; }

    /// <summary>A text, cut to <paramref name="most"/>; a number counts as its digits. Null: absent, null or empty.</summary>
    public string? Text(string name, int most = 200)
    {
        var element = Find(name);
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                var text = OutsideText.Read(element)!;
                return text.Length == 0 ? null : OutsideText.Cut(text, most);
            case JsonValueKind.Number: return element.GetRawText();
            case JsonValueKind.Undefined or JsonValueKind.Null: return null;
            default: return Fail<string>(name, "a text");
        }
    }

    public string? RequiredText(string name, int most = 200) => Text(name, most) ?? Missing<string>(name, "a text");

    public long? Number(string name) => Whole(name, Find(name));

    public long RequiredNumber(string name) => Number(name) ?? Missing<long?>(name, "a whole number") ?? 0;

    public int? Small(string name) => Number(name) is { } value ? value is >= int.MinValue and <= int.MaxValue ? (int)value : Fail<int?>(name, "a smaller number") : null;

    public bool? Flag(string name)
    {
        var element = Find(name);
        return element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String when bool.TryParse(element.GetString(), out var value) => value,
            JsonValueKind.Undefined or JsonValueKind.Null => null,
            _ => Fail<bool?>(name, "true or false"),
        };
    }

    /// <summary>
    /// UTC. Milliseconds since 1970 (seconds are recognised), as number or text, or ISO 8601. A moment that makes no sense is no reason to lose the
    /// message: null.
    /// </summary>
    public DateTime? Moment(string name)
    {
        var element = Find(name);
        if (element.ValueKind == JsonValueKind.String && !long.TryParse(element.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return DateTimeOffset.TryParse(OutsideText.Read(element), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var iso)
                && iso.ToUnixTimeMilliseconds() is var at && at >= Earliest && at <= Latest ? iso.UtcDateTime : null;
        }
        if (element.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)) return null;
        if (Whole(null, element) is not { } number) return null;
        var ms = Math.Abs(number) < Milliseconds ? number * 1000 : number;
        return ms >= Earliest && ms <= Latest ? DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime : null;
    }

    /// <summary>The objects of an array, or a single object where an array belongs; empty: absent.</summary>
    public IReadOnlyList<WireReader> List(string name)
    {
        var element = Find(name);
        return element.ValueKind switch
        {
            JsonValueKind.Array when element.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Object) => [.. element.EnumerateArray().Select(e => new WireReader(e))],
            JsonValueKind.Object => [new WireReader(element)],
            JsonValueKind.Undefined or JsonValueKind.Null => [],
            _ => Fail<IReadOnlyList<WireReader>>(name, "a list of objects") ?? [],
        };
    }

    public T? Fail<T>(string name, string allowed)
    {
        Wrong ??= $"{name}: does not fit; allowed: {allowed}";
        return default;
    }

    public T? Missing<T>(string name, string allowed)
    {
        Wrong ??= $"{name}: missing; allowed: {allowed}";
        return default;
    }

    private long? Whole(string? name, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Number when element.TryGetInt64(out var whole): return whole;
            // 6.0, or 1.7e12: some writers know only one kind of number.
            case JsonValueKind.Number when element.TryGetDouble(out var real) && Math.Abs(real) < 9e15 && Math.Floor(real) == real: return (long)real;
            case JsonValueKind.String when long.TryParse(element.GetString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture, out var text): return text;
            case JsonValueKind.Undefined or JsonValueKind.Null: return null;
            default: return name is null ? null : Fail<long?>(name, "a whole number");
        }
    }

    private JsonElement Find(string name) =>
        _root.TryGetProperty(name, out var here) && here.ValueKind != JsonValueKind.Null ? here
        : _data.ValueKind == JsonValueKind.Object && _data.TryGetProperty(name, out var inside) ? inside : default;
}
