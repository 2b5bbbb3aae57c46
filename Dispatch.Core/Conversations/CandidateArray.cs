using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dispatch.Core.Conversations;

/// <summary>A stored candidate: <c>[id, name, verdict, openCount, maxConversations]</c>.</summary>
internal sealed class CandidateArray : JsonConverter<Candidate>
{
    public override Candidate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var found = JsonElement.ParseValue(ref reader);
        try
        {
            return new Candidate(
                found[0].GetInt64(), found[1].GetString()!, Enum.Parse<Verdict>(found[2].GetString()!), found[3].GetInt32(), found[4].GetInt32());
        }
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or FormatException or ArgumentException)
        {
            throw new JsonException("A stored candidate is [id, name, verdict, openCount, maxConversations].", e);
        }
    }

    public override void Write(Utf8JsonWriter writer, Candidate value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.Id);
        writer.WriteStringValue(value.Name);
        writer.WriteStringValue(value.Verdict.ToString());
        writer.WriteNumberValue(value.OpenCount);
        writer.WriteNumberValue(value.MaxConversations);
        writer.WriteEndArray();
    }
}
