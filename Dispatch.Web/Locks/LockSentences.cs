using Dispatch.Core.Conflicts;
using Dispatch.Core.Locks;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Locks;

/// <summary>Locks, requests for them and conflicts over them, in plain words of the person's language.</summary>
public sealed class LockSentences(IStringLocalizer<Resources.Locks> words)
{
    /// <summary>Why a wish for somebody's lock, or an answer to one, did not come true; null: it did.</summary>
    public string? Refusal(UnlockOutcome outcome) => outcome.Result switch
    {
        UnlockResult.Asked or UnlockResult.Moved or UnlockResult.Kept => (string?)null,
        UnlockResult.AlreadyAsked => words["Unlock_AlreadyAsked", outcome.AskedByName ?? words["Somebody"]],
        _ => words["Unlock_" + outcome.Result],
    };

    /// <summary>Why a conflict is not settled; null: it is.</summary>
    public string? Refusal(ResolveOutcome outcome) => outcome.Result switch
    {
        ResolveResult.Done or ResolveResult.AlreadyResolved => (string?)null,
        ResolveResult.StillHeld when outcome.Held is { } held => words["Resolve_StillHeldBy", held.ModeratorName],
        _ => words["Resolve_" + outcome.Result],
    };

    /// <summary>What became of a request, as its asker or its holder reads it.</summary>
    /// <param name="title">The contact or the profile.</param>
    public string Ended(UnlockRequestView request, long me, string title)
    {
        var side = request.RequesterId == me ? "Asked_" : "Held_";
        var other = request.RequesterId == me ? request.HolderName : request.RequesterName ?? words["Nobody"];
        return words[side + request.Status, title, other, request.Status == UnlockStatus.TakenOver ? request.Answer ?? request.Reason : request.Answer ?? ""];
    }

    /// <summary>What two people wanted at once, and who has it.</summary>
    public string What(ConflictRecord conflict, long me, string title)
    {
        var key = conflict.LoserId == me ? "Lost_" : conflict.WinnerId == me ? "Won_" : "Conflict_";
        return words[key + conflict.Kind, title, conflict.WinnerName ?? words["Somebody"], conflict.LoserName ?? words["Somebody"]];
    }

    public string Why(ConflictRule rule) => words["Rule_" + rule];

    public string Resolution(ConflictResolution resolution) => words["Resolution_" + resolution];
}
