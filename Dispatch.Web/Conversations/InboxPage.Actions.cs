using Dispatch.Core.Conversations;

namespace Dispatch.Web.Conversations;

/// <summary>What the moderator does with a conversation. Every wish goes through the orchestrator, and whoever loses is told to whom.</summary>
public sealed partial class InboxPage
{
    /// <summary>What the reader asked for himself needs no "new conversation".</summary>
    private readonly HashSet<long> _mineByWish = [];

    private async Task<bool> SendAsync(long conversationId, string text, string effectKey)
    {
        var outcome = await Lock.SendAsync(conversationId, text, effectKey, Stopping);
        _problem = Sentences.Refusal(outcome);
        await ReadOpenAsync();
        StateHasChanged();
        return outcome.Succeeded;
    }

    private async Task RetryAsync(ThreadMessage message)
    {
        if (_model?.Open is not { } open) return;
        // Not failed any more (a colleague was faster, or a late delivery report): then the thread says so by itself.
        _problem = Sentences.Refusal(await Lock.RetryAsync(open.Id, message.Id, Stopping));
        await ReadOpenAsync();
    }

    private async Task TakeAsync(long id, string contact, long seenVersion) => await OnceAsync(async () =>
    {
        _mineByWish.Add(id);
        var outcome = await Orchestrator.TakeAsync(id, Me, seenVersion, cancel: Stopping);
        if (outcome.Succeeded)
        {
            await NavigateAsync(View.With(open: id, filter: View.Filter == InboxView.Line ? InboxView.All : null), replace: false);
        }
        else
        {
            _mineByWish.Remove(id);
            Notices.Say(Sentences.Refusal(outcome, contact));
        }
        await RereadAsync();
    });

    private Task CloseAsync() => OnceAsync(async () =>
    {
        if (_model is not { IsMine: true, Open: { } open }) return;
        var outcome = await Orchestrator.CloseAsync(open.Id, Me, seenVersion: open.OwnerVersion, cancel: Stopping);
        if (outcome.Succeeded) Notices.Say(Words["Closed", open.Title], Words["Undo"], () => ReopenAsync(open.Id, open.Title));
        else Notices.Say(Sentences.Refusal(outcome, open.Title));
        await RereadAsync();
        StateHasChanged();
    });

    private Task ReopenAsync() => _model?.Open is { } open ? ReopenAsync(open.Id, open.Title) : Task.CompletedTask;

    private Task ReopenAsync(long id, string contact) => OnceAsync(async () =>
    {
        _mineByWish.Add(id);
        var outcome = await Orchestrator.ReopenAsync(id, Me, Stopping);
        if (!outcome.Succeeded) _mineByWish.Remove(id);
        Notices.Say(Sentences.Refusal(outcome, contact));
        await RereadAsync();
        StateHasChanged();
    });

    private Task TransferAsync() => OnceAsync(async () =>
    {
        if (_model is not { IsMine: true, Open: { } open }) return;
        if (await Dialogs.AskTransferAsync(Words, open.Title, open.ProfileId, Me, allowReturn: true) is not { } choice) return;
        var outcome = await Orchestrator.ApplyAsync(choice, open.Id, Me, supervisor: false, open.OwnerVersion);
        if (outcome.Result == ClaimResult.Done)
        {
            Notices.Say(choice.ToName is { } name ? Words["Transferred", open.Title, name] : Words["ReturnedToQueue", open.Title]);
            await GoAsync(null);
        }
        else
        {
            Notices.Say(Sentences.Refusal(outcome, open.Title, choice.ToName ?? ""));
        }
        await RereadAsync();
    });

    private async Task RereadAsync()
    {
        await ReadListAsync();
        await ReadOpenAsync();
    }

    /// <summary>A second press while the first is on its way does nothing.</summary>
    private async Task OnceAsync(Func<Task> action)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            await action();
        }
        finally
        {
            _busy = false;
            // What was rendered on the way still has its buttons off, and no signal need follow.
            StateHasChanged();
        }
    }
}
