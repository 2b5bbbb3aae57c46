namespace Dispatch.Core.Outreach;

/// <summary>A step of a sequence.</summary>
public sealed record FollowupStep
{
    /// <summary>After the message before it (A: the first contact; B: our last answer; C: the last word of either). 1 minute to 365 days.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Hours in the prospect's zone in which it may leave, besides the account's; both null: any.</summary>
    public TimeOnly? From { get; set; }
    public TimeOnly? To { get; set; }

    /// <summary>Days of his week on which it may leave; none: every day.</summary>
    public List<DayOfWeek> Days { get; set; } = [];

    /// <summary>The kind whose text is used; null: its own (send_followup_A1).</summary>
    public string? Template { get; set; }

    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<SendWindow> Windows => From is null && To is null && Days.Count == 0 ? [] : [new SendWindow(Days, From ?? default, To ?? default)];
}

/// <summary>Section <c>Outreach</c>.</summary>
public sealed class OutreachOptions
{
    public const string Section = "Outreach";

    /// <summary>Off: nothing leaves by itself on this node; the API and pages still work.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Actions claimed after one look at the accounts, chunk by chunk. 1 to 500.</summary>
    public int BatchSize { get; set; } = 400;

    /// <summary>Actions that are claimed, started and recorded together, 1 to 100: at most so many times <see cref="Parallel"/> are uncertain after a crash.</summary>
    public int ChunkSize { get; set; } = 40;

    /// <summary>Chunks on their way at once. 1 to 32.</summary>
    public int Parallel { get; set; } = 4;

    /// <summary>How long a process that is not heard of keeps its actions. 4 to 60 seconds; with the look for it a second later they are taken over.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a gateway may think before its answer counts as unknown. 1 to 300 seconds.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Tries of an action before it is a dead letter. 1 to 20.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Minimum gap of an account of a real gateway that names none. 0 to 3,600 seconds.</summary>
    public int DefaultGapSeconds { get; set; } = 15;

    /// <summary>Pace of what became overdue in a pause or a downtime. 0 to 1 hour.</summary>
    public TimeSpan CatchUpGap { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Overdue by so much on an account that was idle as long: there was a downtime. 1 minute to 7 days.</summary>
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Steps are planned so long before they are due. 0 to 365 days.</summary>
    public TimeSpan PlanAhead { get; set; } = TimeSpan.FromDays(14);

    public SequenceOptions Sequences { get; set; } = new();

    /// <summary>The same settings with sequences that people set up.</summary>
    internal OutreachOptions With(IReadOnlyDictionary<char, IReadOnlyList<FollowupStep>> stored)
    {
        var copy = (OutreachOptions)MemberwiseClone();
        copy.Sequences = new SequenceOptions { A = Sequences.A, B = Sequences.B, C = Sequences.C, Stored = stored };
        return copy;
    }
}

/// <summary>Section <c>Outreach:Sequences</c>: a list of steps per letter replaces the shipped one.</summary>
public sealed class SequenceOptions
{
    public static readonly IReadOnlyList<char> Letters = ['A', 'B', 'C'];

    /// <summary>Of people, over the settings; an empty list: the sequence is off.</summary>
    internal IReadOnlyDictionary<char, IReadOnlyList<FollowupStep>>? Stored { get; init; }

    /// <summary>No answer after the first contact.</summary>
    public List<FollowupStep> A { get; set; } = [];

    /// <summary>Answered, then silent.</summary>
    public List<FollowupStep> B { get; set; } = [];

    /// <summary>Dormant: taken up again.</summary>
    public List<FollowupStep> C { get; set; } = [];

    private static readonly FollowupStep[]
        StandardA = [Step(2), Step(4), Step(7)],
        StandardB = [Step(3), Step(7)],
        StandardC = [Step(60)];

    public IReadOnlyList<FollowupStep> Of(char sequence) => Stored?.TryGetValue(sequence, out var own) == true ? own : sequence switch
    {
        'A' => A.Count > 0 ? A : StandardA,
        'B' => B.Count > 0 ? B : StandardB,
        'C' => C.Count > 0 ? C : StandardC,
        _ => throw new ArgumentOutOfRangeException(nameof(sequence), sequence, "A, B or C."),
    };

    /// <summary>The kind whose text an action of this kind uses (<see cref="FollowupStep.Template"/>).</summary>
    public string TextOf(string kind)
    {
        foreach (var letter in Letters)
        {
            var steps = Of(letter);
            for (var i = 0; i < steps.Count; i++)
            {
                if (ActionKinds.FollowupOf(letter, i + 1) == kind) return steps[i].Template ?? kind;
            }
        }
        return kind;
    }

    private static FollowupStep Step(int days) => new() { Delay = TimeSpan.FromDays(days) };
}
