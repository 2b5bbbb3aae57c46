namespace Dispatch.Bench.Mixed;

/// <summary>How long and how badly.</summary>
internal sealed record MixedOptions
{
    /// <summary>How long the load lasts.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whom it meets, and how, follows from this alone.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A node is killed or stopped this often.</summary>
    public TimeSpan FaultEvery { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a stopped node stays so.</summary>
    public TimeSpan FreezeFor { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the broker and the database are away when they restart.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long everything may take to come to rest afterwards.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>Pause of one poster between two messages; there are <see cref="Mix.Posters"/>.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(100);
}
