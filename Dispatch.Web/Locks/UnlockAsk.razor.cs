using System.Globalization;
using Dispatch.Core.Locks;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace Dispatch.Web.Locks;

/// <summary>Somebody asks the reader for a lock: who, for what, why, and how long he has. Given up by one press; kept with a reason.</summary>
public sealed partial class UnlockAsk
{
    private ElementReference _field;
    private string _why = "";
    private string? _problem;
    private bool _keeping;
    private bool _focus;
    private bool _busy;

    [Parameter, EditorRequired]
    public UnlockRequestView Request { get; set; } = null!;

    /// <summary>The contact or the profile.</summary>
    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>As which the asker wants to answer.</summary>
    [Parameter]
    public string ProfileName { get; set; } = "";

    [Parameter]
    public EventCallback OnAnswered { get; set; }

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; set; }

    [Inject]
    public required ProfileLockService Locks { get; set; }

    [Inject]
    public required LockSentences Say { get; set; }

    private string Id(string part) => string.Create(CultureInfo.InvariantCulture, $"unlock-{Request.Id}-{part}");

    private void StartKeeping() => (_keeping, _focus, _problem) = (true, true, null);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!_focus) return;
        _focus = false;
        await _field.FocusAsync();
    }

    private async Task AnswerAsync(bool giveUp)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            _problem = Say.Refusal(await Locks.AnswerUnlockAsync(Request.Id, (await Authentication).User.Id(), giveUp, giveUp ? null : _why));
            if (_problem is null) await OnAnswered.InvokeAsync();
        }
        finally
        {
            _busy = false;
        }
    }
}
