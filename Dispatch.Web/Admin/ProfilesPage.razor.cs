using Dispatch.Core.Gateways;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Dispatch.Core.Profiles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Admin;

/// <summary>Channels and the profiles that speak on them, and who is being given one. Admins only.</summary>
public sealed partial class ProfilesPage
{
    private IReadOnlyList<ChannelView>? _channels;
    private Dictionary<long, ProfileView> _profiles = [];
    private IReadOnlyDictionary<long, LockInfo> _locks = new Dictionary<long, LockInfo>();
    private IReadOnlyList<ModeratorName> _moderators = [];
    private string? _saved;
    private bool _adding;

    [Inject]
    public required ChannelService Channels { get; set; }

    [Inject]
    public required ProfileService Profiles { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Profiles> Words { get; set; }

    /// <summary>The board hears of every message of the house; profiles change seldom.</summary>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Board];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (changes.Count == 0 || changes.Any(c => c.Name is EventNames.Changed or EventNames.ProfileChanged))
        {
            var channels = await Channels.ListAsync(Stopping);
            _profiles = (await Profiles.ListAsync(Stopping)).ToDictionary(p => p.ChannelId);
            _moderators = await Profiles.ListModeratorsAsync(Stopping);
            _channels = channels;
            // Locks are told to their profile.
            foreach (var profile in _profiles.Values) Live?.Add(Topics.Profile(profile.Id));
        }
        _locks = await Locks.GetLocksOnAsync(LockKind.Profile, [.. _profiles.Values.Select(p => p.Id)], Stopping);
    }

    private ProfileView? ProfileOf(ChannelView channel) => _profiles.GetValueOrDefault(channel.Id);

    private LockInfo? LockOn(ProfileView? profile) => profile is null ? null : _locks.GetValueOrDefault(profile.Id);

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
        return ReloadAsync();
    }
}
