using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Api;

/// <summary>What callers send, checked with every error named at once: <c>errors</c> holds a list per field.</summary>
internal sealed class ApiInput(HttpContext context)
{
    public const int MaxPageSize = 200, DefaultPageSize = 50, MaxEffectKey = 64;
    public const string IdempotencyKey = "Idempotency-Key";
    private readonly Dictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    public bool IsBad => _errors.Count > 0;

    public IResult Problem => Results.ValidationProblem(_errors.ToDictionary(e => e.Key, e => e.Value.ToArray(), StringComparer.Ordinal));

    public void Wrong(string field, string reason)
    {
        if (!_errors.TryGetValue(field, out var list)) _errors[field] = list = [];
        list.Add(reason);
    }

    public void Check(bool good, string field, string reason)
    {
        if (!good) Wrong(field, reason);
    }

    /// <summary>What makes a repeated request the same one; none is fine.</summary>
    public void CheckKey(string? key) =>
        Check(key is null || (key.Length is > 0 and <= MaxEffectKey && !key.Any(char.IsControl)), "effectKey", $"1 to {MaxEffectKey} characters, none of them a control character.");

    /// <summary>The JSON body; null and an error when it is none. A body that may be left out is its type's default then.</summary>
    public async Task<T?> BodyAsync<T>(bool optional = false)
        where T : class
    {
        var request = context.Request;
        if (optional && (request.ContentLength == 0 || (request.ContentLength is null && request.Headers.ContentType.Count == 0)))
            return Activator.CreateInstance<T>();
        if (!request.HasJsonContentType())
        {
            Wrong("body", "Send JSON with the content type application/json.");
            return null;
        }
        try
        {
            var options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
            if (await JsonSerializer.DeserializeAsync<T>(request.Body, options, context.RequestAborted) is { } body) return body;
            Wrong("body", "A JSON object is needed.");
        }
        catch (JsonException e)
        {
            Wrong(string.IsNullOrEmpty(e.Path) || e.Path == "$" ? "body" : e.Path.TrimStart('$', '.'), "Not JSON, or not of the type this field has.");
        }
        return null;
    }

    /// <summary><c>page</c> from 1 and <c>pageSize</c> up to 200, as what to skip and to take.</summary>
    public (int Skip, int Take) Page()
    {
        var page = Number("page", 1, int.MaxValue / MaxPageSize) ?? 1;
        var size = Number("pageSize", 1, MaxPageSize) ?? DefaultPageSize;
        return ((int)((page - 1) * size), (int)size);
    }

    /// <summary>Null: not given (or wrong, which is noted).</summary>
    public long? Number(string name, long from = 1, long to = long.MaxValue)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= from && value <= to) return value;
        Wrong(name, to == long.MaxValue ? $"A whole number from {from} is allowed." : $"A whole number from {from} to {to} is allowed.");
        return null;
    }

    public T? Word<T>(string name)
        where T : struct, Enum
    {
        if (Text(name) is not { } text) return null;
        if (Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) && text[0] != '-') return value;
        Wrong(name, $"Allowed: {string.Join(", ", Enum.GetNames<T>())}.");
        return null;
    }

    /// <summary><c>sort=lastMessageAt</c>, or with a minus in front for downwards. Null: not given.</summary>
    public (T Sort, bool Descending)? Sort<T>(string name = "sort")
        where T : struct, Enum
    {
        if (Text(name) is not { } text) return null;
        var descending = text[0] == '-';
        var word = text.AsSpan(descending ? 1 : 0);
        foreach (var value in Enum.GetValues<T>())
        {
            if (word.Equals(value.ToString(), StringComparison.OrdinalIgnoreCase)) return (value, descending);
        }
        Wrong(name, $"Allowed: {string.Join(", ", Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName))}, each also with - in front for downwards.");
        return null;
    }

    /// <summary>"true" or "false"; null: not given.</summary>
    public bool? Flag(string name)
    {
        var text = Text(name);
        Check(text is null or "true" or "false", name, "Allowed: true, false.");
        return text is null ? null : text == "true";
    }

    public string? Text(string name) => context.Request.Query[name] is [{ Length: > 0 } text, ..] ? text : null;
}

/// <summary>One page of a list.</summary>
/// <param name="Total">How many there are without paging.</param>
public sealed record ApiPage<T>(IReadOnlyList<T> Items, int Total)
{
    public static ApiPage<T> Of((IReadOnlyList<T> Items, int Total) page) => new(page.Items, page.Total);
}
