namespace Dispatch.Core.Numbers;

/// <summary>Section <c>Numbers</c>; all are checked at start.</summary>
public sealed class NumberOptions
{
    public const string Section = "Numbers";

    /// <summary>A command without any answer is given again after this. 1 second to 10 minutes (facts 5.6: 30 s).</summary>
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a command is given before the number counts as failed. 1 to 100.</summary>
    public int MaxAsks { get; set; } = 5;

    /// <summary>No code for this long: the worker is silent. 1 second to 10 minutes (facts 5.6: 70 s, the first code lives 60).</summary>
    public TimeSpan QrSilence { get; set; } = TimeSpan.FromSeconds(70);

    /// <summary>Scanned and not connected for this long: restarted. 1 second to 10 minutes.</summary>
    public TimeSpan ScannedFor { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a worker reports health. 1 second to 10 minutes.</summary>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>So many missing reports make a number degraded. 1 to 20.</summary>
    public int MissedHealth { get; set; } = 3;

    /// <summary>A worker may try to reconnect for this long before it is told to start anew. 1 second to 1 hour.</summary>
    public TimeSpan ReconnectWithin { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Unknown errors (500) in a row before a new scan is asked for, and restarts before giving up. 1 to 20.</summary>
    public int MaxRestarts { get; set; } = 3;

    /// <summary>A worker without heartbeat for this long is down. 1 second to 10 minutes; workers send one every 15 s.</summary>
    public TimeSpan WorkerSilence { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// How long a worker may keep sockets open after its last sign of life: it closes them itself when it cannot reach the broker for this long, and nobody else
    /// gets its numbers before. 2 seconds to 1 hour; longer than <see cref="WorkerSilence"/>.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>The primary phone not seen for this long: somebody is reminded. WhatsApp logs out after 14 days. 1 to 13 days.</summary>
    public TimeSpan PhoneReminder { get; set; } = TimeSpan.FromDays(12);

    /// <summary>Life of a link to a code. 1 minute to 1 hour.</summary>
    public TimeSpan LinkLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker may take to send a text before its fate is called unknown. 1 to 50 seconds: the sender calls a message lost after 60.</summary>
    public TimeSpan SendWithin { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>How long the time line is kept; the newest 50 of a number stay. 1 to 3,650 days.</summary>
    public TimeSpan EventsKept { get; set; } = TimeSpan.FromDays(90);
}

/// <summary>WhatsApp's schedule of codes (facts 3: Baileys, <c>socket.ts</c>): six, the first lives 60 s, the others 20 s.</summary>
public static class QrSchedule
{
    public const int Codes = 6;
    public static readonly TimeSpan First = TimeSpan.FromSeconds(60), Next = TimeSpan.FromSeconds(20);

    /// <summary>How long somebody has to scan: 160 s.</summary>
    public static readonly TimeSpan Window = First + (Next * (Codes - 1));

    /// <param name="number">1 to 6.</param>
    public static TimeSpan Life(int number) => number <= 1 ? First : Next;
}
