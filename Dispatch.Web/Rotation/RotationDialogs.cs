using Dispatch.Core.Profiles;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Rotation;

internal static class RotationDialogs
{
    /// <summary>Asks who is to hold the profile; 0: whoever is next in the line; null: the dialog was closed.</summary>
    public static async Task<long?> AskHolderAsync(this DialogService dialogs, IStringLocalizer words, ProfileStatus profile, RotationBoard board) =>
        await dialogs.OpenAsync<HolderDialog>(
            words["MoveWith", profile.Name],
            new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(HolderDialog.Profile)] = profile, [nameof(HolderDialog.Board)] = board },
            Options) as long?;

    /// <summary>Why a lock is freed, which its holder reads; null: the dialog was closed.</summary>
    public static async Task<string?> AskReasonAsync(this DialogService dialogs, IStringLocalizer words, string what, string holder) =>
        await dialogs.OpenAsync<ReasonDialog>(
            words["FreeLockOf", what, holder], new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(ReasonDialog.Holder)] = holder }, Options) as string;

    private static DialogOptions Options => new() { Width = "min(32rem, 94vw)", CloseDialogOnEsc = true, AutoFocusFirstElement = true };
}
