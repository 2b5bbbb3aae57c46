namespace Dispatch.Core.Locks;

/// <summary>Moves once, from <see cref="Open"/> to one of the others.</summary>
public enum UnlockStatus
{
    /// <summary>The holder has until the due time to answer.</summary>
    Open,
    /// <summary>The holder let go; the asker has it.</summary>
    GivenUp,
    /// <summary>The holder keeps it and said why.</summary>
    Kept,
    /// <summary>The holder said nothing in time; the asker has it.</summary>
    LostBySilence,
    /// <summary>The lock ended by itself before the holder answered; the asker has it.</summary>
    RanOut,
    /// <summary>An admin or an integration decided at once.</summary>
    TakenOver,
    /// <summary>The lock that was asked for went another way before the request was decided.</summary>
    Moot,
}

/// <summary>Somebody asks for a lock that another holds, or took it over: the request, its deadline and the record of what became of it in one row.</summary>
public sealed class UnlockRequest
{
    public long Id { get; set; }
    public LockKind Kind { get; set; }

    /// <summary>The locked profile or contact.</summary>
    public long ResourceId { get; set; }

    /// <summary>The profile as which the asker wants to answer; for a profile the profile itself.</summary>
    public long ProfileId { get; set; }

    /// <summary>The hold that is asked for: any newer one makes the request moot.</summary>
    public long Token { get; set; }
    public long HolderId { get; set; }

    /// <summary>Who gets it; null: it was freed for nobody.</summary>
    public long? RequesterId { get; set; }
    public string Reason { get; set; } = "";
    public DateTime RequestedAt { get; set; }
    public DateTime DueAt { get; set; }
    public UnlockStatus Status { get; set; }

    /// <summary>The user who decided; null for Dispatch itself and for integrations.</summary>
    public long? DecidedById { get; set; }
    public DateTime? DecidedAt { get; set; }

    /// <summary>Why the holder keeps it, or why it was taken over.</summary>
    public string? Answer { get; set; }
}
