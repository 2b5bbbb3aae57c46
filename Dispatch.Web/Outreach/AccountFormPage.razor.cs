using System.Globalization;
using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;
using Dispatch.Web.Account;
using Dispatch.Web.Browser;
using Dispatch.Web.Matching;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Outreach;

/// <summary>Makes or changes one account. Nothing typed is lost by an error; each error stands beside its field.</summary>
public sealed partial class AccountFormPage
{
    /// <summary>For the handlers of windows, whose markup cannot hold quotes.</summary>
    private const string Field = "windows";
    private static readonly string[] Continents = ["Africa/", "America/", "Asia/", "Europe/"];
    private static readonly IReadOnlyList<string> Zones =
        ["UTC", .. TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id).Where(id => Array.Exists(Continents, c => id.StartsWith(c, StringComparison.Ordinal))).Order(StringComparer.Ordinal)];

    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private IReadOnlyList<ChannelView> _channels = [];
    private AccountDraft? _draft;
    private string? _duplicate, _failure, _wrongKey;
    private AccountProvider? _provider;
    private bool _saving, _gone, _noChannel;

    /// <summary>Null: a new one.</summary>
    [Parameter]
    public long? Id { get; set; }

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    [Inject]
    public required AccountService Accounts { get; set; }

    [Inject]
    public required OutreachQueries Queries { get; set; }

    [Inject]
    public required ChannelService Channels { get; set; }

    [Inject]
    public required SequenceQueries Sequences { get; set; }

    [Inject]
    public required OutreachSentences Say { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Profiles> ProfileWords { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required ILogger<AccountFormPage> Logger { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Outreach> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    /// <summary>Of the account, or of the channel that is chosen for a new one.</summary>
    private AccountProvider? Provider => _provider ?? (_draft!.ChannelKey is { } key
        ? _channels.FirstOrDefault(c => c.Key == key) is { } channel ? AccountProviders.Of(channel.Provider) : null : _draft.Provider);

    /// <summary>What may go as a template of the provider.</summary>
    private IEnumerable<string> TemplateKinds => Sequences.Kinds.Where(k => ActionKinds.TypeOf(k) is ActionType.FirstContact or ActionType.Followup);

    private string Title => Words[Id is null ? "AddAccount" : "EditAccount"];

    /// <summary>Monday first.</summary>
    private static IReadOnlyList<string> DayNames =>
        [.. Enumerable.Range(0, 7).Select(i => CultureInfo.CurrentCulture.DateTimeFormat.GetAbbreviatedDayName((DayOfWeek)((i + 1) % 7)))];

    private DateOnly Today => TimeZoneInfo.TryFindSystemTimeZoneById(_draft!.TimeZone.Trim(), out var zone) ? QuotaRules.DayOf(zone, Time.UtcNow) : DateOnly.FromDateTime(Time.UtcNow);

    protected override Task OnInitializedAsync() => DoAsync(async () =>
    {
        if (Id is { } id)
        {
            var row = await Queries.AccountAsync(id);
            (_gone, _draft, _provider) = (row is null, row is null ? null : AccountDraft.Of(row), row?.Provider);
            return;
        }
        _channels = await Channels.ListAsync();
        _draft = new AccountDraft { TimeZone = (await Time.GetZoneAsync()).Id };
    });

    private void Left(string field) => _left.Add(field);

    private string? Error(string field) => _left.Contains(field) ? FieldWords.Of(Words, _draft!.Read(Today).Errors, field) : null;

    /// <summary>Of one field of a template.</summary>
    private string? Error(int template, string field)
    {
        if (!_left.Contains("templates")) return null;
        var name = string.Create(CultureInfo.InvariantCulture, $"templates[{template}].{field}");
        return _draft!.Read(Today).Errors.FirstOrDefault(e => e.Field == name) is { } error ? FieldWords.Of(Words, error with { Field = "template_" + field }) : null;
    }

    private string? Invalid(int template, string field) => Error(template, field) is null ? null : "true";

    private string? Invalid(string field) => Error(field) is null && !(field == "name" && _duplicate == _draft!.Name) ? null : "true";

    private async Task SaveAsync()
    {
        if (_saving) return;
        var (plan, errors) = _draft!.Read(Today);
        if (errors.Count > 0)
        {
            _left.UnionWith(errors.Select(e => e.Field.Split('[')[0]));
            await Browser.FocusAsync("#account-" + errors[0].Field.Replace("[", "-", StringComparison.Ordinal).Replace("].", "-", StringComparison.Ordinal));
            return;
        }
        _saving = true;
        await DoAsync(async () =>
        {
            var (zone, me) = (_draft.TimeZone.Trim(), (await Authentication).User.Id());
            var outcome = Id is { } id
                ? await Accounts.UpdateAsync(id, _draft.Name, zone, plan, me)
                : await Accounts.CreateAsync(new NewAccount(_draft.Name, _draft.Provider, zone, plan, _draft.ChannelKey, _draft.GapSeconds,
                    _draft.Credentials.IsEmpty && Provider is not (AccountProvider.Unipile or AccountProvider.Meta) ? null : _draft.Credentials.Read()), me);
            _duplicate = outcome.Result == AccountResult.DuplicateName ? _draft.Name : null;
            _noChannel = outcome.Result == AccountResult.ChannelNotFound;
            _gone = outcome.Result == AccountResult.NotFound;
            _wrongKey = outcome.Errors?.FirstOrDefault(e => e.Field.StartsWith(AccountService.Credentials, StringComparison.Ordinal))?.Field[AccountService.Credentials.Length..];
            if (_wrongKey is { } key) await Browser.FocusAsync("#account-" + key);
            if (outcome.Result == AccountResult.Done) Navigation.NavigateTo(string.Create(CultureInfo.InvariantCulture, $"/accounts#account-{outcome.Id}"));
            else if (_duplicate is not null) await Browser.FocusAsync("#account-name");
        });
        _saving = false;
    }

    private async Task DoAsync(Func<Task> work)
    {
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
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An account could not be read or saved ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
