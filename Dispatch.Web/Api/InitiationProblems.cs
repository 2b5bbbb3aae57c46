using System.Globalization;
using Dispatch.Core.Conflicts;

namespace Dispatch.Web.Api;

/// <summary>Why a contact may not be approached.</summary>
internal static class InitiationProblems
{
    public static IResult Of(InitiationOutcome outcome)
    {
        var who = outcome.ModeratorName ?? "Nobody yet";
        var detail = outcome.Result == InitiationResult.AlreadyOpen
            ? $"There is an open conversation {outcome.ConversationId} with this contact as {outcome.ProfileName}; {who} has it."
            : string.Create(
                CultureInfo.InvariantCulture, $"{who} approached this contact as {outcome.ProfileName} at {outcome.Since:O}; it may be approached again from {outcome.AllowedAt:O}.");
        return ApiProblems.Conflict(
            detail, ("result", outcome.Result), ("conversationId", outcome.ConversationId), ("moderatorId", outcome.ModeratorId),
            ("moderatorName", outcome.ModeratorName), ("profileId", outcome.ProfileId), ("since", outcome.Since), ("allowedAt", outcome.AllowedAt));
    }
}
