using Dispatch.Core.Matching;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>What is wrong with a field, in the words of the person: <c>Error_{Code}_{field}</c> where the field has its own, else <c>Error_{Code}</c>.</summary>
internal static class FieldWords
{
    public static string? Of(IStringLocalizer words, IEnumerable<FieldError> errors, string field) =>
        errors.FirstOrDefault(e => e.Field == field) is { } error ? Of(words, error) : null;

    public static string Of(IStringLocalizer words, FieldError error)
    {
        var name = error.Field.EndsWith("atitude", StringComparison.Ordinal) ? "latitude" : error.Field.EndsWith("ongitude", StringComparison.Ordinal) ? "longitude" : error.Field;
        var own = words[$"Error_{error.Code}_{name}"];
        return own.ResourceNotFound ? words["Error_" + error.Code] : own;
    }
}
