using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Dispatch.Web.Conversations;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Numbers;

/// <summary>What an admin does with a number. Each is one guarded update; whoever loses reads why.</summary>
public sealed partial class NumberView
{
    private NumberActor Actor => NumberActor.Admin(Me);
    private string Named => Words["NumberOf", PhoneNumbers.Show(Number!.Phone), Number.ClientName];

    private Task NextAsync() => Number!.Next switch
    {
        NumberButton.None => Task.CompletedTask,
        NumberButton.Validate => ApproveAsync(),
        NumberButton.ShowCode => ShowCodeAsync(),
        NumberButton.NewCode => NewCodeAsync(),
        NumberButton.Restart => RestartAsync(),
        NumberButton.Move => MoveAsync(),
    };

    private Task ShowCodeAsync() => CodeDialog.OpenAsync(Dialogs, Words["CodeTitle", PhoneNumbers.Show(Number!.Phone)], Id);

    private Task ApproveAsync() => DoAsync(async n =>
    {
        if (await WorkerChoice.AskAsync(Dialogs, Words["ApproveTitle"], Words["ApproveAsk", n.ClientName, PhoneNumbers.Show(n.Phone)], Words["Approve"]) is not { } worker) return null;
        return Say.Refusal(await Numbers.ValidateAsync(n.ClientId, worker, Actor, Stopping)) ?? Words["Done_Approve", n.ClientName, worker];
    });

    private Task RejectAsync() => DoAsync(async n =>
    {
        if (await RejectDialog.AskAsync(Dialogs, Words["RejectTitle"], n.ClientName) is not { } reason) return null;
        return Say.Refusal(await Numbers.RejectAsync(n.ClientId, reason, Actor, Stopping)) ?? Words["Done_Reject", n.ClientName];
    });

    /// <summary>After an end a new code is what the person wants to see next.</summary>
    private async Task NewCodeAsync()
    {
        var begun = false;
        await DoAsync(async n =>
        {
            var outcome = await Numbers.RestartAsync(n.Id, Actor, n.Generation, Stopping);
            begun = outcome.Succeeded;
            return Say.Refusal(outcome);
        });
        if (begun) await ShowCodeAsync();
    }

    private Task RestartAsync() => DoAsync(async n =>
    {
        if (NumberRules.CanSend(n.State) && !await AskAsync("Restart")) return null;
        return Say.Refusal(await Numbers.RestartAsync(n.Id, Actor, n.Generation, Stopping)) ?? Words["Done_Restart"];
    });

    private Task MoveAsync() => DoAsync(async n =>
    {
        if (await WorkerChoice.AskAsync(Dialogs, Words["MoveTitle"], Words["MoveAsk", Named], Words["Move"], n.WorkerId) is not { } worker) return null;
        return Say.Refusal(await Numbers.MoveAsync(n.Id, worker, Actor, Stopping)) ?? Words["Done_Move", worker];
    });

    private async Task StopAsync()
    {
        var stopped = false;
        await DoAsync(async n =>
        {
            if (!await AskAsync("Stop")) return null;
            var outcome = await Numbers.StopAsync(n.Id, Actor, Stopping);
            stopped = outcome.Succeeded;
            return Say.Refusal(outcome);
        });
        if (stopped) Notices.Say(Words["Done_Stop"], Words["Undo"], RestartAsync);
    }

    private Task LogoutAsync() => DoAsync(async n =>
    {
        if (!await AskAsync("Logout")) return null;
        return Say.Refusal(await Numbers.LogoutAsync(n.Id, Actor, Stopping)) ?? Words["Done_Logout"];
    });

    private async Task<bool> AskAsync(string what) => await Dialogs.Confirm(
        Words[what + "Ask", Named], Words[what], new ConfirmOptions { OkButtonText = Words[what], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) == true;

    /// <summary>One at a time; the buttons say that something is under way. The sentence it gives is said; null: the person thought better of it.</summary>
    private async Task DoAsync(Func<NumberRow, Task<string?>> action)
    {
        if (_busy || Number is not { } number) return;
        _busy = true;
        try
        {
            var said = await action(number);
            await ReloadAsync();
            Notices.Say(said);
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException)
        {
            // the page is left
        }
        finally
        {
            _busy = false;
        }
    }
}
