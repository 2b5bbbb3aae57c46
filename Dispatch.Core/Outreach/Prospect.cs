namespace Dispatch.Core.Outreach;

/// <summary><see cref="New"/>: nothing was sent. <see cref="Invited"/>: he was asked to connect. <see cref="Contacted"/>: no answer yet. <see cref="Answered"/>: he wrote. <see cref="Stopped"/>: see the reason.</summary>
public enum ProspectStage { New, Invited, Contacted, Answered, Stopped }

public enum StopReason
{
    ByPerson,
    /// <summary>He said so.</summary>
    OptedOut,
    /// <summary>The gateway cannot write to him.</summary>
    Unreachable,
    /// <summary>A moderator goes on by hand.</summary>
    HandedOver,
}

/// <summary>Somebody who is written to in a sequence by one account.</summary>
public sealed class Prospect
{
    public long Id { get; set; }
    public long AccountId { get; set; }
    public required string Name { get; set; }

    /// <summary>Digits of the phone number, or the provider's own id; as <see cref="Conversations.Contact.Address"/>.</summary>
    public required string Address { get; set; }
    public string? Company { get; set; }

    /// <summary>fr or en.</summary>
    public required string Language { get; set; }

    /// <summary>His own zone, for the hours of sequence steps; null: the account's.</summary>
    public string? TimeZone { get; set; }
    public ProspectStage Stage { get; set; }

    /// <summary>Answers are composed and sent without a moderator where the policy allows it.</summary>
    public bool Automatic { get; set; }

    /// <summary>A, B or C with the last step that left; null: none since he wrote last.</summary>
    public char? Sequence { get; set; }
    public int Step { get; set; }

    /// <summary>Grows with everything he writes and with every stop: the fence of each planned step, asked again by the statement that starts a send.</summary>
    public long Epoch { get; set; }
    public DateTime? ContactedAt { get; set; }

    /// <summary>He is connected with the account since then, where the provider has connections; null: not, or not known.</summary>
    public DateTime? ConnectedAt { get; set; }
    public DateTime? LastInboundAt { get; set; }
    public DateTime? LastOutboundAt { get; set; }

    /// <summary>Due: the first contact. Null: not wanted, or taken care of.</summary>
    public DateTime? ContactDueAt { get; set; }

    /// <summary>Due: an automatic answer.</summary>
    public DateTime? ReplyDueAt { get; set; }

    /// <summary>When the follow-up job looks at him again; null: nothing to plan.</summary>
    public DateTime? FollowUpAt { get; set; }

    /// <summary>An answer that was composed and not allowed to leave by itself: a moderator decides.</summary>
    public string? Draft { get; set; }
    public DraftReason? DraftReason { get; set; }
    public DateTime? StoppedAt { get; set; }
    public StopReason? StopReason { get; set; }
    public DateTime CreatedAt { get; set; }
}
