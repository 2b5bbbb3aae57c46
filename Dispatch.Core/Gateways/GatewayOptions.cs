namespace Dispatch.Core.Gateways;

/// <summary>Section <c>Gateways:Whapi</c>.</summary>
public sealed class WhapiOptions
{
    public const string Section = "Gateways:Whapi";

    /// <summary>Another address lets a test server stand in.</summary>
    public Uri BaseAddress { get; set; } = new("https://gate.whapi.cloud");

    /// <summary>How long one call may take. 1 second to 50: the sender calls a message lost after 60.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);
}

/// <summary>Section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    public const string Section = "Webhooks";

    /// <summary>Calls per second and channel; what is above is answered 429 and sent again by the gateway. 1 to 1,000,000.</summary>
    public int MaxPerSecond { get; set; } = 20_000;

    public WhapiWebhookOptions Whapi { get; set; } = new();
}

public sealed class WhapiWebhookOptions
{
    /// <summary>What Whapi has to send in <c>X-Webhook-Secret</c>. None: the webhook is closed.</summary>
    public string? Secret { get; set; }
}
