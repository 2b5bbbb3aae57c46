using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

/// <summary>A channel and its profile in one step: neither is of use alone.</summary>
public sealed partial class NewChannelForm
{
    private string _key = "";
    private string _token = "";
    private string _name = "";
    private ChannelProvider _provider = ChannelProvider.Whapi;
    private CredentialDraft _draft = new();
    private (string Field, string Text)? _wrong;
    private string? _failure;
    private bool _saving;

    /// <summary>The reader.</summary>
    [Parameter]
    public long Me { get; set; }

    /// <summary>The new profile's name.</summary>
    [Parameter, EditorRequired]
    public EventCallback<string> OnDone { get; set; }

    [Parameter]
    public EventCallback OnCancel { get; set; }

    [Inject]
    public required ChannelService Channels { get; set; }

    [Inject]
    public required ProfileService Profiles { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Profiles> Words { get; set; }

    [Inject]
    public required ILogger<NewChannelForm> Logger { get; set; }

    private async Task SaveAsync()
    {
        if (_saving) return;
        _saving = true;
        (_wrong, _failure) = (null, null);
        try
        {
            // The name first: a channel must not stay behind without its profile because of a slip in the last field.
            if (_name.Trim().Length is 0 or > ProfileService.MaxName) _wrong = ("name", Words["Error_BadName"]);
            else await CreateAsync();
        }
        catch (Exception e)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogFailed(Logger, e, _failure);
        }
        _saving = false;
    }

    private async Task CreateAsync()
    {
        var key = _key.Trim();
        var channel = ChannelRules.HasCredentials(_provider) ? await Channels.CreateWithAsync(key, _provider, _draft.Read(), Me)
            : await Channels.CreateAsync(key, _provider, ChannelRules.NeedsKeys(_provider) ? _token : null, Me);
        if (channel is { Result: ChannelResult.BadCredentials, Field: { } field })
        {
            _wrong = (field, CredentialWords.Wrong(Words, _provider, field));
            return;
        }
        if (channel.Result != ChannelResult.Done)
        {
            _wrong = (channel.Result == ChannelResult.BadToken ? "token" : "key", Words["Error_" + channel.Result]);
            return;
        }
        (_token, _draft) = ("", new CredentialDraft());
        var profile = await Profiles.CreateAsync(_name, key, actorId: Me);
        if (profile.Result == ProfileResult.Done) await OnDone.InvokeAsync(_name.Trim());
        else _wrong = ("name", Words["Error_" + profile.Result]);
    }

    private string IsWrong(string field) => _wrong?.Field == field ? "true" : "false";

    private string? Class(string field) => _wrong?.Field == field ? "error" : null;

    private string Help(string field, string help) => _wrong is { } wrong && wrong.Field == field ? wrong.Text : Words[help];

    [LoggerMessage(Level = LogLevel.Error, Message = "A channel could not be made ({Id})")]
    private static partial void LogFailed(ILogger logger, Exception error, string id);
}
