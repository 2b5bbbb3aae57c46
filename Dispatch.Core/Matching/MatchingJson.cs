using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dispatch.Core.Matching;

internal static class MatchingJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
}
