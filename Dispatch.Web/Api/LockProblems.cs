using System.Globalization;
using Dispatch.Core.Locks;

namespace Dispatch.Web.Api;

/// <summary>Refusals because of a lock: who has it and until when.</summary>
internal static class LockProblems
{
    public static string Sentence(LockInfo held) => held.Kind == LockKind.Client
        ? string.Create(CultureInfo.InvariantCulture, $"{held.ModeratorName} answers this contact as {held.ProfileName} until {held.ExpiresAt:O}.")
        : string.Create(CultureInfo.InvariantCulture, $"{held.ModeratorName} has locked this profile until {held.ExpiresAt:O}.");

    /// <summary>The same for programs; nothing when nobody has it.</summary>
    public static (string Name, object? Value)[] Of(LockInfo? held) => held is null
        ? []
        :
        [
            ("heldById", held.ModeratorId), ("heldByName", held.ModeratorName), ("heldSince", held.LockedAt), ("heldUntil", held.ExpiresAt),
            ("heldAsProfileId", held.ProfileId), ("lockId", held.Id.ToString()),
        ];

    /// <summary>A lock that was not given, in the words of the fields that asked for it.</summary>
    public static IResult Refused(LockOutcome outcome, long clientId, long profileId, long moderatorId) => outcome.Result switch
    {
        LockResult.HeldByOther => ApiProblems.Conflict(Sentence(outcome.Held!), [("result", outcome.Result), .. Of(outcome.Held)]),
        LockResult.Ended => ApiProblems.Conflict(
            outcome.Held is { } held ? $"The lock has ended. {Sentence(held)}" : "The lock has ended; nobody has it now.", [("result", outcome.Result), .. Of(outcome.Held)]),
        LockResult.NotAllowed => ApiProblems.Conflict("The moderator may not serve this profile.", ("result", outcome.Result)),
        LockResult.ContactNotFound => ApiProblems.Invalid("contactId", $"There is no contact {clientId}."),
        LockResult.ProfileNotFound => ApiProblems.Invalid("profileId", $"There is no profile {profileId}."),
        LockResult.ModeratorNotFound => ApiProblems.Invalid("moderatorId", $"There is no moderator {moderatorId} who may work."),
        LockResult.BadDuration => ApiProblems.Invalid("seconds", $"At most {(int)LockOptions.Longest.TotalSeconds}."),
        LockResult.Taken or LockResult.Released => throw new ArgumentException("Not a refusal.", nameof(outcome)),
    };
}
