using Dispatch.Core.Matching;
using Dispatch.Core.Retention;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Radzen;

namespace Dispatch.Web.Admin;

/// <summary>What is kept about one person, to give to him or to erase when he asks.</summary>
public sealed partial class PrivacyPage
{
    private IReadOnlyList<ContactHit>? _found;
    private string _text = "";
    private string? _said;
    private string? _failure;
    private bool _busy;

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject]
    public required ContactData Contacts { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required ILogger<PrivacyPage> Logger { get; set; }

    private Task FindAsync() => DoAsync(async () =>
    {
        _said = null;
        _found = await Contacts.FindAsync(_text);
    });

    private Task EraseAsync(ContactHit contact) => DoAsync(async () =>
    {
        // Several have one name.
        var name = contact.Name.Length > 0 ? $"{contact.Name} ({Shown(contact.Address)})" : Shown(contact.Address);
        if (await Dialogs.Confirm(Words["EraseAsk", name], Words["Erase"], new ConfirmOptions { OkButtonText = Words["Erase"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true) return;
        var outcome = await Contacts.EraseAsync(contact.Id, (await Authentication).User.Id());
        _said = Words["Erased_" + outcome.Result, outcome.Hash ?? ""];
        if (outcome.Result == ErasureResult.Done) _found = await Contacts.FindAsync(_text);
    });

    private async Task DoAsync(Func<Task> work)
    {
        if (_busy) return;
        _busy = true;
        _failure = null;
        try
        {
            await work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogFailed(Logger, e, _failure);
        }
        finally
        {
            _busy = false;
        }
    }

    private static string Shown(string address) => PhoneNumbers.Read(address) is { } phone ? PhoneNumbers.Show(phone) : address;

    [LoggerMessage(Level = LogLevel.Error, Message = "Data of a contact could not be read or erased ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
