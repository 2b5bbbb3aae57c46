using Dispatch.Core.People;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Admin;

/// <summary>Who signs in, as what, and how much a moderator takes. The filter lives in the address, so a colleague can be sent it.</summary>
public sealed partial class PeoplePage
{
    private const int PageSize = 50;
    private static readonly TimeSpan TypingPause = TimeSpan.FromMilliseconds(250);
    private PeopleList? _people;
    private string? _failure;
    private string _search = "";
    private string _role = "";
    private string _status = "";
    private int _page = 1;
    private int _typed;
    private long _me;

    [SupplyParameterFromQuery(Name = "q")]
    public string? SearchInUrl { get; set; }

    [SupplyParameterFromQuery(Name = "role")]
    public string? RoleInUrl { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusInUrl { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageInUrl { get; set; }

    [CascadingParameter]
    public Task<AuthenticationState> State { get; set; } = null!;

    [Inject]
    public required PeopleService People { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required NotificationService Notifications { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.People> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    [Inject]
    public required ILogger<PeoplePage> Logger { get; set; }

    private string Range => _people!.Total > PageSize
        ? Text["PageOf", ((_page - 1) * PageSize) + 1, Math.Min(_page * PageSize, _people.Total), _people.Total]
        : _people.Total == 1 ? Words["CountOne"] : Words["Count", _people.Total];

    protected override async Task OnParametersSetAsync()
    {
        _me = (await State).User.Id();
        (_search, _role, _status, _page) = (SearchInUrl ?? "", RoleInUrl ?? "", StatusInUrl ?? "", Math.Max(PageInUrl ?? 1, 1));
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var disabled = _status switch { "active" => false, "disabled" => true, _ => (bool?)null };
            _people = await People.ListAsync(new PeopleFilter(_search, _role.Length > 0 ? _role : null, disabled), _page, PageSize);
            _failure = null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogLoadFailed(Logger, e, _failure);
        }
    }

    private async Task SearchSoonAsync()
    {
        var typed = ++_typed;
        await Task.Delay(TypingPause, Clock);
        if (typed == _typed) await SearchAsync();
    }

    private Task SearchAsync() => GoAsync(1);

    private Task ShowAllAsync()
    {
        (_search, _role, _status) = ("", "", "");
        return SearchAsync();
    }

    private Task GoAsync(int page)
    {
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["q"] = _search.Length > 0 ? _search : null,
            ["role"] = _role.Length > 0 ? _role : null,
            ["status"] = _status.Length > 0 ? _status : null,
            ["page"] = page > 1 ? page : null,
        }), replace: true);
        return Task.CompletedTask;
    }

    private async Task AddAsync()
    {
        if (await OpenFormAsync(null) is PersonCreated { PasswordToken: { } token } created)
        {
            await LoadAsync();
            if (await People.FindAsync(created.Id) is { } person) await ShowLinkAsync(person, token);
        }
    }

    private async Task EditAsync(PersonRow person)
    {
        if (await OpenFormAsync(person) is null) return;
        Say(Words["Saved"]);
        await LoadAsync();
    }

    private Task<dynamic?> OpenFormAsync(PersonRow? person) => Dialogs.OpenAsync<PersonForm>(
        person is null ? Words["Add"] : Words["Edit", person.Name],
        new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(PersonForm.Person)] = person },
        new DialogOptions { Width = "min(32rem, 96vw)", CloseDialogOnEsc = true });

    private async Task NewLinkAsync(PersonRow person)
    {
        if (!await AskAsync(Words["NewLinkAsk", person.Name], Words["NewLink"])) return;
        if (await People.ResetPasswordAsync(person.Id, _me) is { } token) await ShowLinkAsync(person, token);
        else Say(Words[nameof(PersonOutcome.NotFound)], bad: true);
        await LoadAsync();
    }

    private async Task ToggleAsync(PersonRow person)
    {
        if (!person.Disabled && !await AskAsync(Words["DisableAsk", person.Name], Words["Disable"])) return;
        var outcome = person.Disabled ? await People.EnableAsync(person.Id, _me) : await People.DisableAsync(person.Id, _me);
        if (outcome == PersonOutcome.Done) Say(Words[person.Disabled ? "EnabledDone" : "DisabledDone", person.Name]);
        else Say(Words[outcome.ToString()], bad: true);
        await LoadAsync();
    }

    private async Task<bool> AskAsync(string question, string yes) => await Dialogs.Confirm(
        question, yes, new ConfirmOptions { OkButtonText = yes, CancelButtonText = Text["Cancel"], Width = "min(28rem, 94vw)" }) == true;

    private Task ShowLinkAsync(PersonRow person, string token) => Dialogs.OpenAsync<PasswordLink>(
        Words["LinkTitle", person.Name],
        new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(PasswordLink.Name)] = person.Name,
            [nameof(PasswordLink.Address)] = ChoosePasswordPage.Link(Navigation.BaseUri, person.Id, token),
        },
        new DialogOptions { Width = "min(32rem, 96vw)" });

    private void Say(string text, bool bad = false) =>
        Notifications.Notify(bad ? NotificationSeverity.Error : NotificationSeverity.Success, text, duration: bad ? 8000 : 4000);

    [LoggerMessage(Level = LogLevel.Error, Message = "The list of people could not be read ({Id})")]
    private static partial void LogLoadFailed(ILogger logger, Exception error, string id);
}
