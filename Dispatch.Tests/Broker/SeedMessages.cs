namespace Dispatch.Tests.Broker;

/// <summary>The messages of seed 002, letter by letter (without the arrows of its comments).</summary>
internal static class SeedMessages
{
    public const string Create = """
        {
          "sessionId": 6,
          "action": "create",
          "data": {
            "numberId": 6,
            "phoneNumber": "+221771234567",
            "sessionId": "session_6_2533b0aa",
            "workerId": "1"
          },
          "timestamp": 1733396400000
        }
        """;

    public const string QrExpected = """
        {
          "action": "qr_generated",
          "numberId": 6,
          "qrCode": "data:image/png;base64,iVBORw0KGgoAAAANS...",
          "timestamp": 1733396405000
        }
        """;

    public const string QrRaw = """
        {
          "sessionId": "session_6_+221771234567",
          "numberId": 6,
          "action": "qr_generated",
          "qrCode": "1@abc123def456..."
        }
        """;

    public const string QrCorrected = """
        {
          "action": "qr_generated",
          "numberId": 6,
          "sessionId": "session_6_+221771234567",
          "qrCode": "data:image/png;base64,iVBORw0KGgoAAAANS...",
          "timestamp": 1733396405000
        }
        """;

    public const string ConnectedExpected = """
        {
          "action": "connected",
          "numberId": 6,
          "sessionId": "session_6_+221771234567"
        }
        """;

    public const string ConnectedSent = """
        {
          "sessionId": "session_6_+221771234567",
          "numberId": 6,
          "action": "connected"
        }
        """;

    public const string Healthy = """
        {
          "numberId": 6,
          "status": "HEALTHY"
        }
        """;
}
