using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Core.Outreach;
using Dispatch.Web.Matching;
using Microsoft.AspNetCore.Components;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>One new prospect. Closes with his id and name when he is stored, with null when given up.</summary>
public sealed partial class ProspectForm
{
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private string _name = "", _phone = "", _company = "", _language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "en" ? "en" : "fr";
    private long _account;
    private long? _knownId;
    private bool _contact = true, _automatic, _saving, _gone;

    [Parameter, EditorRequired]
    public IReadOnlyList<AccountName> Accounts { get; set; } = [];

    /// <summary>Chosen at first; null, or none of them: the first.</summary>
    [Parameter]
    public long? Account { get; set; }

    private string PhoneHelp => PhoneNumbers.Read(_phone) is { } digits ? Words["PhoneIs", PhoneNumbers.Show(digits)] : Words["PhoneHelp"];

    private NewProspect Draft => new()
        { Name = _name, Phone = _phone, Company = _company.Length > 0 ? _company : null, Language = _language, AccountId = _account, Contact = _contact, Automatic = _automatic };

    public static async Task<AccountName?> AskAsync(DialogService dialogs, string title, IReadOnlyList<AccountName> accounts, long? account) => await dialogs.OpenAsync<ProspectForm>(
        title, new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(Accounts)] = accounts, [nameof(Account)] = account },
        new DialogOptions { Width = "min(34rem, 96vw)", CloseDialogOnEsc = true }) as AccountName;

    protected override void OnInitialized() => _account = Accounts.Any(a => a.Id == Account) ? Account!.Value : Accounts[0].Id;

    private void Left(string field)
    {
        _left.Add(field);
        if (field == "phone") _knownId = null;
    }

    private string? Error(string field) => _left.Contains(field) ? FieldWords.Of(Words, ProspectService.Check(Draft), field) : null;

    private string? Invalid(string field) => Error(field) is null && !(_knownId is not null && field == "phone") ? null : "true";

    private async Task SaveAsync()
    {
        if (_saving) return;
        if (ProspectService.Check(Draft) is { Count: > 0 } errors)
        {
            _left.UnionWith(errors.Select(e => e.Field));
            await Browser.FocusAsync("#prospect-" + errors[0].Field);
            return;
        }
        _saving = true;
        try
        {
            var outcome = await Prospects.CreateAsync(Draft);
            _knownId = outcome.Result == ProspectResult.Duplicate ? outcome.Id : null;
            _gone = outcome.Result == ProspectResult.AccountNotFound;
            if (outcome.Result == ProspectResult.Done) Dialogs.Close(new AccountName(outcome.Id, _name.Trim()));
            else await Browser.FocusAsync("#prospect-phone");
        }
        finally
        {
            _saving = false;
        }
    }
}
