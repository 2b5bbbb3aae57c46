using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>A client who asks to connect a number. Closes with the name when it is stored, with null when given up.</summary>
public sealed partial class NewClientForm
{
    private string _name = "", _phone = "";
    private string? _duplicate, _failed;
    private bool _leftName, _leftPhone, _saving;

    /// <summary>Who adds it.</summary>
    [Parameter, EditorRequired]
    public NumberActor Actor { get; set; } = null!;

    private string PhoneHelp => ClientRules.Phone(_phone) is { } digits ? Words["PhoneIs", PhoneNumbers.Show(digits)] : Words["PhoneHelp"];
    private string? NameError => _leftName && !ClientRules.IsName(_name) ? Say["Result_" + NumberResult.BadName] : null;

    private string? PhoneError => _duplicate is not null && string.Equals(_duplicate, _phone, StringComparison.Ordinal) ? Say["Result_" + NumberResult.DuplicatePhone]
        : _leftPhone && ClientRules.Phone(_phone) is null ? Say["Result_" + NumberResult.BadPhone] : null;

    public static async Task<string?> AskAsync(DialogService dialogs, string title, NumberActor actor) => await dialogs.OpenAsync<NewClientForm>(
        title, new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(Actor)] = actor }, new DialogOptions { Width = "min(30rem, 96vw)", CloseDialogOnEsc = true }) as string;

    private async Task SaveAsync()
    {
        if (_saving) return;
        _leftName = _leftPhone = true;
        if (NameError is not null || PhoneError is not null)
        {
            await Browser.FocusAsync(NameError is not null ? "#client-name" : "#client-phone");
            return;
        }
        _saving = true;
        try
        {
            var outcome = await Numbers.RegisterAsync(_name, _phone, Actor);
            if (outcome.Succeeded)
            {
                Dialogs.Close(_name.Trim());
                return;
            }
            _duplicate = outcome.Result == NumberResult.DuplicatePhone ? _phone : null;
            _failed = _duplicate is null ? Say.Refusal(outcome) : null;
            await Browser.FocusAsync("#client-phone");
        }
        finally
        {
            _saving = false;
        }
    }
}
