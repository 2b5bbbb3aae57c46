using System.Globalization;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.Profiles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

/// <summary>One channel with its profile, and the form to change it. The token goes in and never comes out.</summary>
public sealed partial class ProfileCard
{
    private readonly HashSet<long> _allowed = [];
    private string _name = "";
    private string _token = "";
    private ProfileMode _mode;
    private string _priority = "0";
    private bool _restricted;
    private bool _editing;
    private bool _saving;
    private string? _wrong;
    private string? _wrongField;
    private CredentialDraft _draft = new();

    [Parameter, EditorRequired]
    public ChannelView Channel { get; set; } = null!;

    /// <summary>Null: the channel has none yet.</summary>
    [Parameter]
    public ProfileView? Profile { get; set; }

    /// <summary>Who has the profile locked while it changes hands; null: nobody.</summary>
    [Parameter]
    public LockInfo? Lock { get; set; }

    /// <summary>The reader.</summary>
    [Parameter]
    public long Me { get; set; }

    [Parameter, EditorRequired]
    public IReadOnlyList<ModeratorName> Moderators { get; set; } = [];

    /// <summary>The profile's name.</summary>
    [Parameter]
    public EventCallback<string> OnSaved { get; set; }

    [Inject]
    public required ChannelService Channels { get; set; }

    [Inject]
    public required ProfileService Profiles { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Profiles> Words { get; set; }

    [Inject]
    public required ILogger<ProfileCard> Logger { get; set; }

    private string WebhookAddress => $"{Navigation.BaseUri}webhooks/{(ChannelRules.HasCredentials(Channel.Provider) ? Channel.Provider.ToString().ToLowerInvariant() : "whapi")}/{Channel.Key}";

    private string Summary => Profile switch
    {
        null => Words["NoProfile"],
        { Restricted: false } => Words["Everyone"],
        { ModeratorIds.Count: 0 } => Words["AllowedNone"],
        { ModeratorIds.Count: 1 } => Words["AllowedOne"],
        _ => Words["AllowedCount", Profile.ModeratorIds.Count],
    };

    private int? Priority =>
        int.TryParse(_priority.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && value is >= -ProfileService.MaxPriority and <= ProfileService.MaxPriority ? value : null;

    private bool WrongPriority => Priority is null;

    private string Id(string part) => string.Create(CultureInfo.InvariantCulture, $"channel-{Channel.Id}-{part}");

    private void Edit()
    {
        _name = Profile?.Name ?? "";
        _mode = Profile?.Mode ?? ProfileMode.Shared;
        _priority = (Profile?.Priority ?? 0).ToString(CultureInfo.InvariantCulture);
        _restricted = Profile?.Restricted ?? false;
        _allowed.Clear();
        _allowed.UnionWith(Profile?.ModeratorIds ?? []);
        _token = "";
        (_wrong, _wrongField, _draft) = (null, null, new CredentialDraft());
        _editing = true;
    }

    private void Cancel() => (_editing, _token, _draft) = (false, "", new CredentialDraft());

    private void Allow(long moderatorId, bool may) => _ = may ? _allowed.Add(moderatorId) : _allowed.Remove(moderatorId);

    private async Task SaveAsync()
    {
        if (_saving) return;
        _saving = true;
        try
        {
            _wrong = await WriteAsync();
            if (_wrong is null)
            {
                Cancel();
                await OnSaved.InvokeAsync(_name.Trim());
            }
        }
        catch (Exception e)
        {
            var id = Guid.NewGuid().ToString("N")[..8];
            LogFailed(Logger, e, id);
            _wrong = $"{Words["SaveFailed"]} {id}";
        }
        _saving = false;
    }

    /// <summary>Null: everything is saved.</summary>
    private async Task<string?> WriteAsync()
    {
        // Nothing is saved while a field is wrong.
        if (Priority is not { } priority) return Words["Error_" + ProfileResult.BadPriority, ProfileService.MaxPriority];
        _wrongField = null;
        if (!_draft.IsEmpty)
        {
            var set = await Channels.SetCredentialsAsync(Channel.Id, _draft.Read(), Me);
            if (set is { Result: ChannelResult.BadCredentials, Field: { } field })
            {
                _wrongField = field;
                return CredentialWords.Wrong(Words, Channel.Provider, field);
            }
            if (set.Result != ChannelResult.Done) return Words["Error_" + set.Result];
            _draft = new CredentialDraft();
        }
        if (!string.IsNullOrWhiteSpace(_token))
        {
            var set = await Channels.SetTokenAsync(Channel.Id, _token, Me);
            if (set.Result != ChannelResult.Done) return Words["Error_" + set.Result];
            _token = "";
        }
        var saved = Profile is null ? await Profiles.CreateAsync(_name, Channel.Key, _mode, Me) : await Profiles.UpdateAsync(Profile.Id, _name, _mode, Me);
        if (saved.Result == ProfileResult.Done && priority != (Profile?.Priority ?? 0)) saved = await Profiles.SetPriorityAsync(saved.Id, priority, Me);
        if (saved.Result == ProfileResult.Done) saved = await Profiles.SetAccessAsync(saved.Id, _restricted, _allowed, Me);
        return saved.Result == ProfileResult.Done ? null : Words["Error_" + saved.Result].Value;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A profile could not be saved ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
