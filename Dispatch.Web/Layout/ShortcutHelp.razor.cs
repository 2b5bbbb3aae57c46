using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Dispatch.Web.Layout;

/// <summary>The list of this page's keys, from what its components registered.</summary>
public sealed partial class ShortcutHelp : IAsyncDisposable
{
    private IAsyncDisposable? _registration;

    [Inject]
    public required Shortcuts Shortcuts { get; set; }

    [Inject]
    public required DialogService Dialogs { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender) _registration = await Shortcuts.RegisterAsync([new Shortcut("?", Text["KeysHelp"], OpenAsync)]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_registration is not null) await _registration.DisposeAsync();
    }

    private Task OpenAsync() => InvokeAsync(() => Dialogs.OpenAsync<ShortcutList>(
        Text["Keys"], options: new DialogOptions { Width = "min(28rem, 94vw)", CloseDialogOnOverlayClick = true, CloseDialogOnEsc = true }));
}
