namespace Dispatch.Core.Outreach;

/// <summary>What quotas count. In JSON and logs the seed's words (<see cref="ActionKinds"/>).</summary>
public enum ActionType
{
    Reply, FirstContact, Followup,
    /// <summary>To connect, where a provider lets one write only to whom one is connected with (Unipile: LinkedIn).</summary>
    Invitation,
}

/// <summary>
/// Pending, Claimed, Sending, then one of the others. <see cref="Failed"/> is the dead letter: Retry makes it Pending. <see cref="Uncertain"/> may have left: the
/// gateway or a person says which; it is never sent again by itself.
/// </summary>
public enum ActionStatus { Pending, Claimed, Sending, Success, Failed, Uncertain, Cancelled }

/// <summary>
/// One message to send now or later: intent and effect in one row. <see cref="EffectKey"/> is unique for ever and <see cref="ActionStatus.Sending"/> is committed before the
/// gateway is called, so an effect happens at most once whatever crashes.
/// </summary>
public sealed class OutreachAction
{
    public long Id { get; set; }
    public long AccountId { get; set; }
    public long ProspectId { get; set; }

    /// <summary>send_reply, send_first_contact, send_followup_A1 and so on.</summary>
    public required string Kind { get; set; }
    public ActionType Type { get; set; }
    public ActionStatus Status { get; set; }
    public required string EffectKey { get; set; }

    /// <summary>The prospect's epoch when it was planned: with another one a step of a sequence does not leave.</summary>
    public long ProspectEpoch { get; set; }

    /// <summary>What is sent; null until it is composed, which is just before it leaves. Of an invitation its note, empty: none.</summary>
    public string? Content { get; set; }

    /// <summary>The provider's template that went, or was to go, instead of the content, which only shows what it says; null: the content itself.</summary>
    public string? Template { get; set; }

    /// <summary>As planned.</summary>
    public DateTime ScheduledAt { get; set; }

    /// <summary>Not tried before: as planned, or later after a failure that is worth another try.</summary>
    public DateTime DueAt { get; set; }
    public int Attempts { get; set; }

    /// <summary>The process that works on it, by the name of its lease.</summary>
    public string? LeaseOwner { get; set; }

    /// <summary>Grows with every claim: the fence of whoever held an older one.</summary>
    public long Epoch { get; set; }

    /// <summary>The <see cref="AccountDay"/> that its unit was reserved in.</summary>
    public long? QuotaId { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? StartedAt { get; set; }
    public DateTime? FinishedAt { get; set; }
    public string? ProviderMessageId { get; set; }

    /// <summary>A name of <see cref="Gateways.SendFailure"/> or <see cref="ActionEnd"/>, or <c>MissingValue:{placeholder}</c>.</summary>
    public string? Error { get; set; }
    public ErrorClass? ErrorClass { get; set; }

    /// <summary>The person who made it; null: Dispatch or the API.</summary>
    public long? CreatedBy { get; set; }
}

/// <summary>Why an action ended without the gateway having said so.</summary>
public enum ActionEnd
{
    ProspectReplied, ProspectStopped, CancelledByPerson,
    /// <summary>The process that sent it died on the way.</summary>
    LostSender,
    /// <summary>There is no template for its kind and language.</summary>
    NoTemplate,
    /// <summary>With its values filled in the text is longer than a message may be.</summary>
    TooLong,
    /// <summary>The account's hours and those of the step never meet.</summary>
    NoHours,
    /// <summary>A person or the gateway says that it did not leave.</summary>
    NotSent,
    /// <summary>The gateway took it and said later that it did not arrive, without a reason.</summary>
    NotDelivered,
    /// <summary>The account's provider knows no invitations.</summary>
    NoInvitations,
    /// <summary>He is connected with the account: an invitation is not needed any more.</summary>
    AlreadyConnected,
}

/// <summary>What was executed: a row per execution (seed 004 <c>create_log</c>).</summary>
public sealed class ActionLog
{
    public long Id { get; set; }
    public long ActionId { get; set; }
    public long AccountId { get; set; }
    public long ProspectId { get; set; }

    /// <summary>The action's kind.</summary>
    public required string Action { get; set; }
    public ActionStatus Status { get; set; }
    public DateTime At { get; set; }
    public int Attempt { get; set; }
    public string? ProviderMessageId { get; set; }
    public string? Error { get; set; }
}

/// <summary>The seed's words for what is sent.</summary>
public static class ActionKinds
{
    public const string Reply = "send_reply", FirstContact = "send_first_contact", Followup = "send_followup", Invitation = "send_invitation";
    public const int MaxLength = 40;

    /// <summary>What may be asked for, in the words of an error.</summary>
    public const string Allowed = "send_reply, send_first_contact, send_invitation, send_followup_A1 to send_followup_C99";

    public static string FollowupOf(char sequence, int step) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Followup}_{sequence}{step}");

    /// <summary>Null: not a kind. <c>send_followup_A1</c>: a letter A to C and a number from 1 to 99.</summary>
    public static ActionType? TypeOf(string? kind) => kind switch
    {
        Reply => ActionType.Reply,
        FirstContact => ActionType.FirstContact,
        Invitation => ActionType.Invitation,
        _ => StepOf(kind) is null ? null : ActionType.Followup,
    };

    /// <summary>Null: not a step of a sequence.</summary>
    public static (char Sequence, int Step)? StepOf(string? kind) =>
        kind is not null && kind.StartsWith(Followup + "_", StringComparison.Ordinal) && kind.Length is 16 or 17 && kind[14] is >= 'A' and <= 'C'
            && kind.AsSpan(15) is var digits && digits.IndexOfAnyExceptInRange('0', '9') < 0 && digits[0] != '0'
            ? (kind[14], int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)) : null;

    public static string NameOf(ActionType type) => type switch { ActionType.Reply => Reply, ActionType.FirstContact => FirstContact, ActionType.Followup => Followup, ActionType.Invitation => Invitation };

    /// <summary>Null: not the name of an action type.</summary>
    public static ActionType? TypeNamed(string? name) => name switch { Reply => ActionType.Reply, FirstContact => ActionType.FirstContact, Followup => ActionType.Followup, Invitation => ActionType.Invitation, _ => null };
}
