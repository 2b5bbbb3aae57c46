using Dispatch.Core.Conversations;
using Dispatch.Web.Conversations;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Board;

internal static class Moves
{
    /// <summary>An admin gives somebody's conversation to somebody else or back to the queue, by the same claim as everybody.</summary>
    /// <returns>What became of it, as a sentence; null: the dialog was closed.</returns>
    public static async Task<string?> AskAndMoveAsync(
        DialogService dialogs, DispatcherOrchestrator orchestrator, Sentences sentences, IStringLocalizer words, ConversationRow row, long admin)
    {
        if (await dialogs.AskTransferAsync(words, row.Title, row.ProfileId, row.OwnerId, allowReturn: row.OwnerId is not null, "Move") is not { } choice) return null;
        var outcome = await orchestrator.ApplyAsync(choice, row.Id, admin, supervisor: true, row.OwnerVersion);
        if (outcome.Result != ClaimResult.Done) return sentences.Refusal(outcome, row.Title, choice.ToName ?? "");
        return choice.ToName is { } name ? words["Transferred", row.Title, name] : words["ReturnedToQueue", row.Title];
    }
}
