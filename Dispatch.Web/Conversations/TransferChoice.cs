using Dispatch.Core.Conversations;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Conversations;

/// <summary>What a person chose in the dialog.</summary>
/// <param name="ToId">Null: back to the queue.</param>
public sealed record TransferChoice(long? ToId, string? ToName, string? Note);

internal static class TransferDialogs
{
    /// <summary>Asks whom a conversation is to be given to; null: nobody, the dialog was closed.</summary>
    public static async Task<TransferChoice?> AskTransferAsync(
        this DialogService dialogs, IStringLocalizer words, string contact, long profileId, long? ownerId, bool allowReturn, string actionKey = "Transfer") =>
        await dialogs.OpenAsync<TransferDialog>(
            words[actionKey + "With", contact],
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(TransferDialog.ProfileId)] = profileId,
                [nameof(TransferDialog.OwnerId)] = ownerId,
                [nameof(TransferDialog.AllowReturn)] = allowReturn,
                [nameof(TransferDialog.ActionKey)] = actionKey,
            },
            new DialogOptions { Width = "min(32rem, 94vw)", CloseDialogOnEsc = true, AutoFocusFirstElement = true }) as TransferChoice;

    /// <summary>Carries the choice out.</summary>
    public static Task<ClaimOutcome> ApplyAsync(
        this DispatcherOrchestrator orchestrator, TransferChoice choice, long conversationId, long actorId, bool supervisor, long? seenVersion) =>
        choice.ToId is { } to
            ? orchestrator.TransferAsync(conversationId, actorId, to, choice.Note, supervisor, seenVersion)
            : orchestrator.ReturnToQueueAsync(conversationId, actorId, choice.Note, supervisor, seenVersion);
}
