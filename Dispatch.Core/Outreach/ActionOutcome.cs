using Dispatch.Core.Matching;

namespace Dispatch.Core.Outreach;

public enum ActionResult
{
    /// <summary>It left.</summary>
    Sent,
    /// <summary>It is pending; <see cref="ActionOutcome.Wait"/> says for what.</summary>
    Scheduled,
    /// <summary>The same effect was asked for before; that one stands.</summary>
    AlreadyExists,
    /// <summary>It may have left: the gateway or a person decides.</summary>
    Uncertain,
    /// <summary>It failed for good; <see cref="ActionOutcome.Error"/> says why.</summary>
    Failed,
    /// <summary>Nothing was written; <see cref="ActionOutcome.Wait"/> says what stands against it.</summary>
    Refused,
    Cancelled,
    NotFound, ProspectNotFound, AccountNotFound,
    /// <summary>The prospect is stopped.</summary>
    ProspectStopped,
    /// <summary>Its status does not allow this.</summary>
    WrongStatus,
    /// <summary>The gateway cannot be asked, or cannot say: a person decides.</summary>
    CannotAsk,
    BadInput,
}

/// <param name="Status">Of the action, where there is one.</param>
public sealed record ActionOutcome(
    ActionResult Result, long Id = 0, ActionStatus? Status = null, string? Error = null, Wait? Wait = null, IReadOnlyList<FieldError>? Errors = null)
{
    /// <summary>Seed 004 <c>result['success']</c>.</summary>
    public bool Succeeded => Result == ActionResult.Sent;
}

/// <summary>An action to make.</summary>
/// <param name="AccountId">Null: the prospect's.</param>
/// <param name="Content">Null: the template of its kind.</param>
/// <param name="ScheduledAt">UTC; null: as soon as it may.</param>
/// <param name="EffectKey">Null: the natural one of its kind (<see cref="Actions.KeyOf"/>).</param>
public sealed record NewAction(
    string Kind, long ProspectId, long? AccountId = null, string? Content = null, DateTime? ScheduledAt = null, string? EffectKey = null, long? CreatedBy = null);
