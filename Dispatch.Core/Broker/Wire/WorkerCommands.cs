using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dispatch.Core.Broker;

/// <summary>Commands on the wire, as seed 002 has them.</summary>
public static class WorkerCommands
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Name(WorkerAction action) => action switch
    {
        WorkerAction.Create => "create",
        WorkerAction.Restart => "restart",
        WorkerAction.Stop => "stop",
        WorkerAction.Logout => "logout",
        WorkerAction.PairingCode => "request_pairing_code",
        WorkerAction.Send => "send",
        WorkerAction.Probe => "probe",
        WorkerAction.Announce => "announce",
    };

    /// <summary>Null: no command is called so.</summary>
    public static WorkerAction? Action(string? name) => Enum.GetValues<WorkerAction>().Where(a => Name(a) == name).Select(a => (WorkerAction?)a).FirstOrDefault();

    /// <summary>The body.</summary>
    /// <param name="legacy">
    /// True: the fields of <c>data</c> stand at the top as well. The worker of seed 002 takes <c>numberId</c>, <c>phoneNumber</c> and <c>workerId</c>
    /// from there, although the backend puts them into <c>data</c>: with the nested form alone it opens a session for "undefined".
    /// </param>
    public static byte[] Write(WorkerCommand command, DateTime now, bool legacy = false)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            if (command.NumberId is { } number) json.WriteNumber("sessionId", number);
            json.WriteString("action", Name(command.Action));
            json.WriteStartObject("data");
            WriteFields(json, command, withSession: true);
            json.WriteEndObject();
            if (legacy) WriteFields(json, command, withSession: false);
            json.WriteNumber("timestamp", new DateTimeOffset(DateTime.SpecifyKind(now, DateTimeKind.Utc)).ToUnixTimeMilliseconds());
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What the worker's side reads; null: no command, or one that cannot be read (<paramref name="wrong"/> says why).</summary>
    public static WorkerCommand? Read(ReadOnlyMemory<byte> body, out string? wrong)
    {
        wrong = null;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                wrong = "no JSON object";
                return null;
            }
            var reader = new WireReader(json.RootElement);
            if (Action(reader.Text("action")) is not { } action)
            {
                wrong = "action: not known; allowed: " + string.Join(", ", Enum.GetValues<WorkerAction>().Select(Name));
                return null;
            }
            // The outer sessionId is the number's id; the session's name lies in data.
            var data = json.RootElement.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.Object ? new WireReader(inner) : reader;
            var command = new WorkerCommand(
                reader.RequiredText("workerId", WorkerRoute.MaxIdLength) ?? "", action, reader.Number("numberId"), data.Text("sessionId"), reader.Text("phoneNumber", 32))
            {
                To = reader.Text("to"), Text = reader.Text("text", 65_536), Ref = reader.Text("ref"),
            };
            wrong = reader.Wrong ?? data.Wrong;
            return wrong is null ? command : null;
        }
        catch (JsonException e)
        {
            wrong = $"no JSON (byte {e.BytePositionInLine})";
            return null;
        }
    }

    private static void WriteFields(Utf8JsonWriter json, WorkerCommand command, bool withSession)
    {
        if (command.NumberId is { } number) json.WriteNumber("numberId", number);
        if (command.PhoneNumber is not null) json.WriteString("phoneNumber", command.PhoneNumber);
        if (withSession && command.SessionId is not null) json.WriteString("sessionId", command.SessionId);
        json.WriteString("workerId", command.WorkerId);
        if (command.To is not null) json.WriteString("to", command.To);
        if (command.Text is not null) json.WriteString("text", command.Text);
        if (command.Ref is not null) json.WriteString("ref", command.Ref);
    }
}
