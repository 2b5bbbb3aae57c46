using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;
using Dispatch.Web.Conversations;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Queue;

/// <summary>Profiles that came and went, in plain words of the person's language.</summary>
public sealed class RotationSentences(IStringLocalizer<Resources.Rotation> words, IStringLocalizer<Resources.Text> text, IStringLocalizer<Resources.Inbox> inbox)
{
    /// <summary>"You hold Boutique now: ..."</summary>
    public string Came(HoldingRow now) => words["Came", now.Profile, words["Cause_" + now.Cause]];

    /// <summary>Who held it until then, and why not any more.</summary>
    public string Before(HoldingRow last) => words["Before", last.Moderator, Cause(last)];

    /// <summary>"Boutique went to Moussa."</summary>
    public string Went(HoldingRow lost) => lost.SuccessorName is { } name ? words["Went", lost.Profile, name] : words["WentToNobody", lost.Profile];

    public string Why(HoldingRow lost) => words["Why", Cause(lost)];

    /// <summary>Why a conversation was taken from the reader.</summary>
    public string Taken(TakenRow row) => row.Cause is ClaimCause.Supervisor or ClaimCause.Transfer ? words["TakenBySomebody"] : words["Why", inbox["Reason_" + row.Reason]];

    public string Decided(MyPriorityRequest request) => words[request.Granted ? "PriorityGranted" : "PriorityRefused"];

    /// <summary>Why the profile is not where it was asked to be; null: it is.</summary>
    public string? Refusal(HoldOutcome outcome, string profile, string? person) => outcome.Result switch
    {
        HoldResult.Done or HoldResult.Unchanged => (string?)null,
        HoldResult.Lost or HoldResult.NotHolder when outcome.HeldByName is { } name => words["Hold_LostTo", profile, name],
        HoldResult.Locked => words["Hold_Locked", profile, outcome.HeldByName ?? ""],
        _ => words["Hold_" + outcome.Result, profile, person ?? ""],
    };

    /// <summary>How good past expectations were.</summary>
    public string Accuracy(WaitAccuracy accuracy) => accuracy switch
    {
        { InsideRange: null } => Plural.Of(words, "AccuracyUnknown", accuracy.Observations),
        { InsideRange: { } share, MedianErrorSeconds: 0 } => words["Accuracy", share],
        { InsideRange: { } share, MedianErrorSeconds: { } error } => words["AccuracyOff", share, RelativeTime.Length(TimeSpan.FromSeconds(error), text)],
        { InsideRange: { } share } => words["Accuracy", share],
    };

    public string? Refusal(QueueResult result) => result is QueueResult.Done or QueueResult.Unchanged ? null : words["Queue_" + result].Value;

    private static string? FirstName(string? name) => string.IsNullOrWhiteSpace(name) ? null : name.Split(' ', 2)[0];

    private string Cause(HoldingRow ended) =>
        ended.EndCause is { } cause ? words["Release_" + cause, FirstName(ended.EndedBy) ?? words["AnAdmin"]] : inbox["Reason_None"];
}
