using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dispatch.Core.Broker;

namespace Dispatch.Tests.Broker;

public class WireTests
{
    private static readonly DateTime SeedTime = DateTimeOffset.FromUnixTimeMilliseconds(1733396400000).UtcDateTime;
    private static readonly WorkerCommand SeedCommand = new("1", WorkerAction.Create, 6, "session_6_2533b0aa", "+221771234567");

    [Fact]
    public void Write_Create_IsTheMessageOfTheSeed() =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(SeedMessages.Create), JsonNode.Parse(WorkerCommands.Write(SeedCommand, SeedTime))));

    [Fact]
    public void Write_ForTheWorkerOfTheSeed_HasItsFieldsWhereItsCodeLooks()
    {
        var json = JsonNode.Parse(WorkerCommands.Write(SeedCommand, SeedTime, legacy: true))!.AsObject();

        // const { action, numberId, phoneNumber, workerId, data: messageData } = data; (seed 002, step 2)
        Assert.Equal(("create", 6, "+221771234567", "1"), ((string?)json["action"], (int)json["numberId"]!, (string?)json["phoneNumber"], (string?)json["workerId"]));
        foreach (var field in new[] { "numberId", "phoneNumber", "workerId" }) json.Remove(field);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(SeedMessages.Create), json));
    }

    [Fact]
    public void ReadCommand_EveryActionAndField_ComesBackAsItWas()
    {
        foreach (var action in Enum.GetValues<WorkerAction>())
        {
            var command = new WorkerCommand("w_1", action, 7, "session_7_ab", "+33600") { To = "+33611", Text = "l'été \u00e9 \ud83d\ude00", Ref = "m-1" };
            Assert.Equal(command, WorkerCommands.Read(WorkerCommands.Write(command, SeedTime), out var wrong));
            Assert.Null(wrong);
            Assert.Equal(command, WorkerCommands.Read(WorkerCommands.Write(command, SeedTime, legacy: true), out _));
        }
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("""{"action":"explode","workerId":"1"}""", "action: not known")]
    [InlineData("""{"action":"create","data":{"numberId":6}}""", "workerId: missing")]
    [InlineData("""{"action":"create","data":{"numberId":"six","workerId":"1"}}""", "numberId: does not fit")]
    public void ReadCommand_ThatIsNone_SaysWhy(string body, string why)
    {
        Assert.Null(WorkerCommands.Read(Encoding.UTF8.GetBytes(body), out var wrong));
        Assert.Contains(why, wrong, StringComparison.Ordinal);
    }

    public static TheoryData<string> SeedAnswers => new(SeedMessages.QrExpected, SeedMessages.QrRaw, SeedMessages.QrCorrected, SeedMessages.ConnectedExpected, SeedMessages.ConnectedSent, SeedMessages.Healthy);

    [Theory]
    [MemberData(nameof(SeedAnswers))]
    public void Read_SeedAnswer_InAnyOrderWithUnknownFieldsAndTextsForNumbers_SaysTheSame(string body)
    {
        var literal = Read(body, BusSource.Health).Answer;
        Assert.NotNull(literal);
        Assert.Equal(6, literal.NumberId);
        var fields = JsonNode.Parse(body)!.AsObject().Select(f => (f.Key, Value: f.Value!.ToJsonString())).ToList();
        foreach (var order in Permutations(fields))
        {
            var shuffled = "{" + string.Join(",", order.Select(f => $"\"{f.Key}\":{f.Value}").Append("\"somethingNew\":{\"a\":[1,null]}")) + "}";
            Assert.Equal(literal, Read(shuffled, BusSource.Health).Answer);
            var asTexts = "{" + string.Join(",", order.Select(f => $"\"{f.Key}\":\"{f.Value.Trim('"')}\"")) + "}";
            Assert.Equal(literal, Read(asTexts, BusSource.Health).Answer);
        }
        var nested = $"{{\"action\":{JsonNode.Parse(body)!["action"]?.ToJsonString() ?? "null"},\"data\":{body}}}";
        Assert.Equal(literal, Read(nested, BusSource.Health).Answer);
    }

    [Fact]
    public void Read_QrOfTheSeed_BothFormsAreKnown()
    {
        Assert.Equal(QrForm.Picture, Assert.IsType<QrGenerated>(Read(SeedMessages.QrCorrected).Answer).Form);
        var raw = Assert.IsType<QrGenerated>(Read(SeedMessages.QrRaw).Answer);
        Assert.Equal((QrForm.Raw, "1@abc123def456...", "session_6_+221771234567"), (raw.Form, raw.Code, raw.SessionId));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1733396405000).UtcDateTime, Read(SeedMessages.QrExpected).Answer!.At);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("data:image/svg+xml;base64,iVBORw0KGgo")]
    [InlineData("data:image/png;base64,PHNjcmlwdD4=")]
    [InlineData("data:image/png;base64,iVBORw0KGgo\\\" onload=\\\"alert(1)")]
    [InlineData("javascript:alert(1)")]
    [InlineData("abc@def")]
    [InlineData("1@a b c d e f")]
    public void Read_QrOfAnotherForm_IsRefusedWithoutRepeatingIt(string code)
    {
        var reading = Read($$"""{"action":"qr_generated","numberId":6,"qrCode":"{{code}}"}""");

        Assert.Equal((null, DeadReason.WrongField), (reading.Answer, reading.Reason));
        Assert.StartsWith("qrCode: does not fit; allowed: data:image/png", reading.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("alert", reading.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", DeadReason.NotJson)]
    [InlineData("{", DeadReason.NotJson)]
    [InlineData("\"qr_generated\"", DeadReason.NotJson)]
    [InlineData("{}", DeadReason.UnknownAction)]
    [InlineData("""{"action":"qr"}""", DeadReason.UnknownAction)]
    [InlineData("""{"action":["connected"],"numberId":6}""", DeadReason.UnknownAction)]
    [InlineData("""{"action":"create","data":{"numberId":6,"workerId":"1"}}""", DeadReason.NobodysCommand)]
    [InlineData("""{"action":"connected"}""", DeadReason.WrongField)]
    [InlineData("""{"action":"connected","numberId":{}}""", DeadReason.WrongField)]
    [InlineData("""{"action":"connected","numberId":6.5}""", DeadReason.WrongField)]
    [InlineData("""{"action":"connected","numberId":99999999999999999999}""", DeadReason.WrongField)]
    [InlineData("""{"action":"closed","numberId":6}""", DeadReason.WrongField)]
    [InlineData("""{"action":"closed","numberId":6,"code":99999999999}""", DeadReason.WrongField)]
    [InlineData("""{"action":"send_result","numberId":6,"ref":"a","status":"sent"}""", DeadReason.WrongField)]
    [InlineData("""{"action":"message","numberId":6,"messages":[{"id":"a"}]}""", DeadReason.WrongField)]
    [InlineData("""{"action":"message","numberId":6,"messages":[7]}""", DeadReason.WrongField)]
    [InlineData("""{"action":"connected","numberId":6,"workerId":"2"}""", DeadReason.ForeignWorker)]
    public void Read_WhatCannotBeUsed_HasAReason(string body, DeadReason reason)
    {
        var reading = WorkerAnswers.Read(new BusDelivery(BusSource.Answers, "1", Message(body)));

        Assert.Null(reading.Answer);
        Assert.Equal(reason, reading.Reason);
        Assert.NotEmpty(reading.Detail!);
    }

    [Fact]
    public void Read_EveryAnswer_ComesBackAsItWasWritten()
    {
        var at = SeedTime;
        WorkerAnswer[] answers =
        [
            new SessionStarting(), new QrGenerated("2@abc,def==", QrForm.Raw, 2, TimeSpan.FromSeconds(20)), new PairingCodeIssued("ABCD1234", at), new SessionScanned(),
            new SessionConnected("+33600", "Shop"), new SessionClosed(515, "restart required", true, true), new HealthReported("DEGRADED", at, at),
            new SendReported("m-1", "3EB0"), new SendReported("m-1", null, 463, "restricted"), new SendReported("m-1", null, null, null, true),
            new MessageStatusReported("3EB0", DeliveryStatus.Read), new SessionClosed(0, "stopped"),
            new CommandRefused("c-1", "create", "full"), new WorkerStopping(),
        ];
        foreach (var answer in answers.Select(a => a with { NumberId = a is WorkerStopping ? null : 6, SessionId = "session_6_ab", At = at, WorkerId = "1", MessageId = "a-1" }))
        {
            Assert.Equal(answer, WorkerAnswers.Read(new BusDelivery(BusSource.Answers, "1", WorkerAnswerWriter.Write(answer, "other"))).Answer);
        }
        var messages = new MessagesReceived([new WorkerMessage("3A", "1@lid", "+33600", "Awa", false, "text", "hi", at)], true, [new LidPair("1@lid", "+33600")]) { NumberId = 6, WorkerId = "1" };
        var read = Assert.IsType<MessagesReceived>(WorkerAnswers.Read(new BusDelivery(BusSource.Answers, "1", WorkerAnswerWriter.Write(messages, "x"))).Answer);
        Assert.Equal((messages.Messages[0], true, messages.Lids[0]), (read.Messages[0], read.Append, read.Lids[0]));
        var alive = new WorkerAlive(true, 50, "1.0", true, [new HeldNumber(6, "session_6_ab", "connected")]) { WorkerId = "1" };
        var again = Assert.IsType<WorkerAlive>(WorkerAnswers.Read(new BusDelivery(BusSource.Answers, "1", WorkerAnswerWriter.Write(alive, "x"))).Answer);
        Assert.Equal((true, 50, "1.0", true, alive.Numbers[0]), (again.Started, again.Capacity, again.Version, again.PairingCodes, again.Numbers[0]));
    }

    [Fact]
    public void Key_SameAnswerTwice_IsTheSame_AnotherOneIsAnother()
    {
        string? Key(string body, string? id = null) => WorkerAnswers.Read(new BusDelivery(BusSource.Answers, "1", Message(body) with { MessageId = id })).Key;

        Assert.Equal(Key(SeedMessages.QrRaw), Key(SeedMessages.QrRaw));
        Assert.NotEqual(Key(SeedMessages.QrRaw), Key(SeedMessages.QrRaw.Replace("abc", "abd", StringComparison.Ordinal)));
        // A bare "connected" may rightly come again with the same bytes.
        Assert.Null(Key(SeedMessages.ConnectedSent));
        Assert.NotNull(Key(SeedMessages.ConnectedSent, "id-1"));
        Assert.NotEqual(Key(SeedMessages.ConnectedSent, "id-1"), Key(SeedMessages.ConnectedSent, "id-2"));
        Assert.NotNull(Key("""{"action":"connected","numberId":6,"timestamp":1733396405000}"""));
        Assert.NotEqual(
            Key("""{"action":"send_result","numberId":6,"ref":"a","status":"uncertain"}"""), Key("""{"action":"send_result","numberId":6,"ref":"a","status":"sent","messageId":"x"}"""));
    }

    [Fact]
    public void Secrets_AreNotInTextsOfRecords()
    {
        Assert.DoesNotContain("abc123", Read(SeedMessages.QrRaw).Answer!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ABCD", new PairingCodeIssued("ABCD1234").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1733396400", "2024-12-05T11:00:00")]
    [InlineData("1733396400000", "2024-12-05T11:00:00")]
    [InlineData("\"1733396400000\"", "2024-12-05T11:00:00")]
    [InlineData("\"2024-12-05T11:00:00Z\"", "2024-12-05T11:00:00")]
    [InlineData("\"2024-12-05T12:00:00+01:00\"", "2024-12-05T11:00:00")]
    [InlineData("\"yesterday\"", null)]
    [InlineData("-5", null)]
    [InlineData("99999999999999999", null)]
    [InlineData("{}", null)]
    public void Read_Timestamp_InAnyForm_AndNonsenseIsNoReasonToLoseTheAnswer(string timestamp, string? expected)
    {
        var answer = Read($$"""{"action":"connected","numberId":6,"timestamp":{{timestamp}}}""").Answer;

        Assert.NotNull(answer);
        Assert.Equal(expected is null ? null : DateTime.Parse(expected, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal), answer.At);
    }

    [Fact]
    public void Read_WhateverAWorkerSends_NeverThrows()
    {
        var random = new Random(20260);
        var bodies = SeedAnswers.Select(r => r.Data).Append("""{"action":"message","numberId":6,"upsert":"append","messages":[{"id":"1","jid":"a@lid","text":"\ud83d\ude00"}],"lids":[{"lid":"a","phone":"b"}]}""")
            .Append("""{"action":"registered","workerId":"1","capacity":5,"numbers":[{"numberId":6,"state":"qr"}]}""").Select(Encoding.UTF8.GetBytes).ToList();
        var readable = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var body = bodies[random.Next(bodies.Count)].ToArray();
            for (var change = random.Next(4); change >= 0; change--) body[random.Next(body.Length)] = (byte)random.Next(256);
            var cut = random.Next(10) == 0 ? random.Next(body.Length) : body.Length;
            var reading = WorkerAnswers.Read(new BusDelivery((BusSource)random.Next(3), random.Next(2) == 0 ? "1" : null, new BusMessage(body.AsMemory(0, cut), null, null, null)));
            Assert.True(reading.Answer is null != reading.Reason is null);
            if (reading.Answer is not null) readable++;
        }
        Assert.True(readable > 1000, $"{readable}");
    }

    [Fact]
    public void Show_HidesWhatIsSecretOrPersonal()
    {
        var shown = DeadLetterBodies.Show(Encoding.UTF8.GetBytes("""
            {"action":"message","numberId":6,"sessionId":"session_6_+221771234567","qrCode":"1@abc123","code":"ABCD1234","unknown":"secret9",
             "messages":[{"id":"3A","jid":"221771234567@s.whatsapp.net","name":"Awa","text":"bonjour","fromMe":false,"type":"text"}],"status":"1@abc"}
            """))!;

        foreach (var secret in new[] { "221771234567", "abc", "ABCD", "secret9", "Awa", "bonjour" }) Assert.DoesNotContain(secret, shown, StringComparison.Ordinal);
        foreach (var open in new[] { "\"action\": \"message\"", "\"numberId\": 6", "\"fromMe\": false", "\"type\": \"text\"" }) Assert.Contains(open, shown, StringComparison.Ordinal);
        Assert.Null(DeadLetterBodies.Show("1@abc123"u8.ToArray()));
    }

    private static AnswerReading Read(string body, BusSource source = BusSource.Answers) => WorkerAnswers.Read(new BusDelivery(source, null, Message(body)));

    private static BusMessage Message(string body) => new(Encoding.UTF8.GetBytes(body), null, null, null);

    private static IEnumerable<IReadOnlyList<T>> Permutations<T>(IReadOnlyList<T> items)
    {
        if (items.Count <= 1) return [items];
        return items.SelectMany((item, i) => Permutations<T>([.. items.Where((_, j) => j != i)]).Select(rest => (IReadOnlyList<T>)[item, .. rest]));
    }
}
