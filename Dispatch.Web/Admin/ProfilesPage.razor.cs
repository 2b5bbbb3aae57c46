using Dispatch.Core.Gateways;
using Dispatch.Core.Profiles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

/// <summary>Channels and the profiles that speak on them. Admins only.</summary>
public sealed partial class ProfilesPage : IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private IReadOnlyList<ChannelView>? _channels;
    private Dictionary<long, ProfileView> _profiles = [];
    private IReadOnlyList<ModeratorName> _moderators = [];
    private string? _failure;
    private string? _saved;
    private bool _adding;

    [Inject]
    public required ChannelService Channels { get; set; }

    [Inject]
    public required ProfileService Profiles { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Profiles> Words { get; set; }

    [Inject]
    public required ILogger<ProfilesPage> Logger { get; set; }

    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        try
        {
            var channels = await Channels.ListAsync(_gone.Token);
            _profiles = (await Profiles.ListAsync(_gone.Token)).ToDictionary(p => p.ChannelId);
            _moderators = await Profiles.ListModeratorsAsync(_gone.Token);
            _channels = channels;
            _failure = null;
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // the page is gone
        }
        catch (Exception e)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogLoadFailed(Logger, e, _failure);
        }
    }

    private void StartAdding() => (_adding, _saved) = (true, null);

    private void StopAdding() => _adding = false;

    private Task AddedAsync(string name)
    {
        _adding = false;
        return SavedAsync(name);
    }

    private Task SavedAsync(string name)
    {
        _saved = Words["Saved", name];
        return LoadAsync();
    }

    public void Dispose()
    {
        _gone.Cancel();
        _gone.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Profiles could not be loaded ({Id})")]
    private static partial void LogLoadFailed(ILogger logger, Exception error, string id);
}
