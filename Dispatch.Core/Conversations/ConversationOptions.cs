namespace Dispatch.Core.Conversations;

/// <summary>Section <c>Conversations</c>.</summary>
public sealed class ConversationOptions
{
    public const string Section = "Conversations";

    /// <summary>A contact who writes again within this time after closing continues the same conversation.</summary>
    public TimeSpan ReopenWithin { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How many parked conversations one moderator receives per <see cref="DrainWindow"/>. 1 to 100.</summary>
    public int DrainPerWindow { get; set; } = 3;

    public TimeSpan DrainWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a lost connection is not held against a moderator. 0 to 10 minutes.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(30);
}
