using System.Globalization;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Live;
using Dispatch.Core.Locks;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Locks;

/// <summary>
/// Somebody else has what the reader wants: ask for it with a reason, try again, or leave it; an admin may take it over at once. Seed 001's conflict
/// choices.
/// </summary>
public sealed partial class UnlockPanel
{
    private const int Read = 20;
    private UnlockRequestView? _mine;
    private ConflictRecord? _conflict;
    private ElementReference _field;
    private string _reason = "";
    private string? _problem;
    private string? _done;
    private bool _asking;
    private bool _focus;
    private bool _busy;

    [Parameter, EditorRequired]
    public LockKind Kind { get; set; }

    /// <summary>The contact or the profile.</summary>
    [Parameter, EditorRequired]
    public long ResourceId { get; set; }

    /// <summary>As which profile the reader wants to answer; null: as the holder does.</summary>
    [Parameter]
    public long? ProfileId { get; set; }

    [Parameter, EditorRequired]
    public string HolderName { get; set; } = "";

    /// <summary>Said above the choices.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    /// <summary>The reader may have it now: look.</summary>
    [Parameter]
    public EventCallback OnChanged { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required ConflictResolutionService Conflicts { get; set; }

    private string FieldId => string.Create(CultureInfo.InvariantCulture, $"unlock-{Kind}-{ResourceId}");

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Moderator(Me)];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        if (changes.Count > 0 && !changes.Any(c => c.Name is EventNames.UnlockRequested or EventNames.ConflictLogged)) return;
        _mine = (await Locks.GetUnlockRequestsAsync(Me, Read, Stopping))
            .FirstOrDefault(r => r.Status == UnlockStatus.Open && r.RequesterId == Me && r.Kind == Kind && r.ResourceId == ResourceId);
        _conflict = (await Conflicts.ListAsync(0, Read, Kind == LockKind.Client ? ConflictKind.Client : ConflictKind.Profile, Me, open: true, Stopping)).Items
            .FirstOrDefault(c => c.LoserId == Me && c.ResourceId == ResourceId);
    }

    private void StartAsking() => (_asking, _focus, _problem, _done) = (true, true, null, null);

    private void Cancel() => (_asking, _problem) = (false, null);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!_focus) return;
        _focus = false;
        await _field.FocusAsync();
    }

    private Task AskAsync() => OnceAsync(async () =>
    {
        // A second Enter of a form that is about to go.
        if (!_asking) return null;
        if (_conflict is { } conflict)
        {
            var outcome = await Conflicts.ResolveAsync(conflict.Id, Me, ConflictChoice.Ask, _reason, Stopping);
            if (outcome.Result != ResolveResult.AlreadyResolved) return Say.Refusal(outcome);
        }
        var asked = await Locks.RequestUnlockAsync(Kind, ResourceId, Me, _reason, ProfileId, Stopping);
        // Nobody has it any more: then it is simply taken.
        return asked.Result is UnlockResult.NotLocked or UnlockResult.AlreadyYours ? null : Say.Refusal(asked);
    });

    private Task TakeOverAsync() => OnceAsync(async () =>
    {
        // Not only the button: the role is asked for again where it counts.
        if (!IsInRole(Dispatch.Core.People.Roles.Admin)) return null;
        return Say.Refusal(await Locks.TakeOverAsync(Kind, ResourceId, Me, _reason, Me, ProfileId, cancel: Stopping));
    });

    private Task RetryAsync() => OnceAsync(async () =>
    {
        if (_conflict is { } conflict) return Say.Refusal(await Conflicts.ResolveAsync(conflict.Id, Me, ConflictChoice.Retry, cancel: Stopping));
        return await Locks.GetLockInfoAsync(Kind, ResourceId, Stopping) is { } held && held.ModeratorId != Me ? Words["Resolve_StillHeldBy", held.ModeratorName].Value : null;
    });

    private Task AcceptAsync() => OnceAsync(async () =>
    {
        var outcome = await Conflicts.ResolveAsync(_conflict!.Id, Me, ConflictChoice.Accept, cancel: Stopping);
        if (Say.Refusal(outcome) is { } refusal) return refusal;
        _done = Words["Left", HolderName];
        return null;
    });

    /// <summary>A second press while the first is on its way does nothing. What the work returns is why it did not come true.</summary>
    private async Task OnceAsync(Func<Task<string?>> work)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            _problem = await work();
            if (_problem is null) (_asking, _reason) = (false, "");
        }
        finally
        {
            // Before looking around: a form that is shown with its error and still off swallows the next Enter.
            _busy = false;
        }
        await ReloadAsync();
        await OnChanged.InvokeAsync();
    }
}
