using Dispatch.Core.Gateways;

namespace Dispatch.Core.Outreach;

/// <summary>An action as a line of a list. Times are UTC.</summary>
/// <param name="WhyNotYet">Of a pending one: what holds it; null: it is about to leave, or it is not pending.</param>
/// <param name="ExpectedAt">Of a pending one: when it is expected to leave; null: not foreseeable.</param>
public sealed record ActionRow(
    long Id, string Kind, ActionStatus Status, long AccountId, string AccountName, long ProspectId, string ProspectName, string? Content, DateTime ScheduledAt, DateTime DueAt, int Attempts,
    DateTime CreatedAt, DateTime? StartedAt, DateTime? FinishedAt, string? ProviderMessageId, string? Error, ErrorClass? ErrorClass, WaitReason? WhyNotYet, DateTime? WaitsUntil,
    DateTime? ExpectedAt);

public enum ActionSort { DueAt, CreatedAt, FinishedAt }

/// <param name="Search">Part of a prospect's name, or the beginning of his number.</param>
public sealed record ActionSearch(
    ActionStatus? Status = null, long? AccountId = null, long? ProspectId = null, ActionType? Type = null, string? Search = null, ActionSort Sort = ActionSort.DueAt, bool Descending = false,
    int Skip = 0, int Take = 50, ActionTab? Tab = null, string? Kind = null);

public sealed record ActionPage(IReadOnlyList<ActionRow> Items, int Total);

public sealed record ProspectRow(
    long Id, string Name, string Address, string? Company, string Language, long AccountId, string AccountName, ProspectStage Stage, bool Automatic, char? Sequence, int Step,
    DateTime? ContactedAt, DateTime? LastInboundAt, DateTime? LastOutboundAt, StopReason? StopReason, DateTime CreatedAt, string? NextKind, DateTime? NextAt, bool HasDraft);

public enum ProspectSort { CreatedAt, Name, LastInboundAt, LastOutboundAt }

/// <param name="Step">The last step of his sequence that left; 0: none did. Without a stage those who are stopped do not stand anywhere.</param>
public sealed record ProspectSearch(
    ProspectStage? Stage = null, long? AccountId = null, char? Sequence = null, string? Search = null, ProspectSort Sort = ProspectSort.CreatedAt, bool Descending = true, int Skip = 0,
    int Take = 50, int? Step = null);

public sealed record ProspectPage(IReadOnlyList<ProspectRow> Items, int Total);

/// <param name="Limit">Today's, with the warm-up in it; null: none.</param>
public sealed record QuotaRow(ActionType Type, int? Limit, int Reserved, int Used, int? Quota);

/// <summary>An account with what it may and what it did today, by its own day.</summary>
/// <param name="Blocked">What holds the whole account now (window, breaker, pause, no channel); null: nothing.</param>
public sealed record AccountRow(
    long Id, string Name, AccountProvider Provider, string? ChannelKey, string TimeZone, AccountState State, AccountPlan Plan, DateOnly Today, IReadOnlyList<QuotaRow> Quotas, Wait? Blocked,
    DateTime? BreakerUntil, SendFailure? BreakerReason, int Failures, DateTime? NextSendAt, int Pending, int Dead);

/// <summary>How many actions stand where.</summary>
public sealed record ActionCounts(int Pending, int Running, int Uncertain, int Failed, int SentToday);

/// <summary>How many prospects stand at a step; the step before the first is 0.</summary>
public sealed record StepCount(char Sequence, int Step, int Prospects);

/// <param name="Search">Part of the prospect's name, the beginning of his number, or a provider's id.</param>
public sealed record LogSearch(
    ActionStatus? Status = null, long? AccountId = null, long? ProspectId = null, string? Action = null, string? Search = null, DateTime? From = null, DateTime? To = null, int Skip = 0,
    int Take = 50);

public sealed record LogRow(
    long Id, long ActionId, string Action, ActionStatus Status, DateTime At, long AccountId, string AccountName, long ProspectId, string ProspectName, int Attempt, string? ProviderMessageId,
    string? Error);

public sealed record LogPage(IReadOnlyList<LogRow> Items, int Total);

/// <summary>What of an account's queue is expected to leave on one of its days.</summary>
public sealed record ForecastDay(DateOnly Day, int Planned, int? Limit);
