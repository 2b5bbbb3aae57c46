namespace Dispatch.Core.Locks;

/// <summary>Section <c>Locks</c>; durations are checked at start.</summary>
public sealed class LockOptions
{
    public const string Section = "Locks";

    /// <summary>The least and the most that any lock may last, whoever asks.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50), Longest = TimeSpan.FromHours(1);

    /// <summary>How long opening a conversation, or typing in it, keeps the contact (seed 001: 30 s). 5 seconds to 10 minutes.</summary>
    public TimeSpan ClientLock { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a profile stays locked while it is given to somebody (seed 001: 500 ms). 0.05 to 60 seconds.</summary>
    public TimeSpan ProfileLock { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a holder may be silent when somebody asks for the lock. 1 second to 10 minutes.</summary>
    public TimeSpan UnlockAnswer { get; set; } = TimeSpan.FromSeconds(20);
}
