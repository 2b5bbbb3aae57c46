using Dispatch.Core.Conversations;
using Dispatch.Core.Outreach;
using Dispatch.Web.Conversations;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>What a person does with a prospect. Each is one guarded update; whoever comes second reads what it is now.</summary>
public sealed partial class ProspectView
{
    private async Task StopAsync()
    {
        if (await Dialogs.Confirm(Words["StopAsk", Prospect!.Name], Words["StopProspect"],
            new ConfirmOptions { OkButtonText = Words["StopProspect"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true) return;
        var stopped = false;
        await DoAsync(async p =>
        {
            var outcome = await Prospects.StopAsync(p.Id, StopReason.ByPerson, Me, Stopping);
            stopped = outcome.Result == ProspectResult.Done;
            return stopped ? null : Said(outcome, "");
        });
        if (stopped) Notices.Say(Words["Done_Stop", Prospect!.Name], Words["Undo"], ResumeAsync);
    }

    private Task ResumeAsync() => DoAsync(async p => Said(await Prospects.ResumeAsync(p.Id, Me, Stopping), Words["Done_Resume", p.Name]));

    private Task AutomaticAsync() => DoAsync(async p =>
        Said(await Prospects.SetAutomaticAsync(p.Id, !p.Automatic, Me, Stopping), Words[p.Automatic ? "Done_Manual" : "Done_Automatic", p.Name]));

    private Task ContactAsync() => DoAsync(async p => Say.Outcome(await Actions.ApproachAsync(p.Id, p.AccountId, Stopping)));

    /// <summary>A message by hand, now or at a time; the draft of an automatic answer, where there is one, is done with it.</summary>
    private Task WriteAsync(string? draft) => DoAsync(async p =>
    {
        if (await WriteDialog.AskAsync(Dialogs, Words["WriteTo", p.Name], draft) is not { } written) return null;
        var outcome = written.At is { } at
            ? await Actions.PlanAsync(new NewAction(ActionKinds.Reply, p.Id, p.AccountId, written.Text, at, CreatedBy: Me), Stopping)
            : await Actions.ExecuteSendReply(p.Id, p.AccountId, written.Text, cancel: Stopping);
        if (draft is not null && outcome.Result is ActionResult.Sent or ActionResult.Scheduled or ActionResult.Uncertain) await Prospects.DropDraftAsync(p.Id, draft, Stopping);
        return Say.Outcome(outcome);
    });

    private Task DropDraftAsync() => DoAsync(async p => Said(await Prospects.DropDraftAsync(p.Id, _details!.Draft!, Stopping), Words["Done_DropDraft"]));

    /// <summary>His sequence ends first, so that nothing leaves by itself beside the moderator; then his conversation, where one is open, goes to whom the admin names.</summary>
    private Task HandOverAsync() => DoAsync(async p =>
    {
        if (_details!.Conversation is not { IsOpen: true } conversation)
        {
            if (await Dialogs.Confirm(Words["HandOverAsk", p.Name], Words["HandOver"],
                new ConfirmOptions { OkButtonText = Words["HandOver"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true) return null;
            return Said(await Prospects.StopAsync(p.Id, StopReason.HandedOver, Me, Stopping), Words["Done_HandOver", p.Name]);
        }
        if (await Dialogs.AskTransferAsync(InboxWords, p.Name, conversation.ProfileId, conversation.OwnerId, allowReturn: conversation.OwnerId is not null, "Move") is not { } choice) return null;
        await Prospects.StopAsync(p.Id, StopReason.HandedOver, Me, Stopping);
        var moved = await Orchestrator.ApplyAsync(choice, conversation.Id, Me, supervisor: true, conversation.OwnerVersion);
        if (moved.Result != ClaimResult.Done) return Words["HandedOverNotMoved", p.Name] + " " + ClaimWords.Refusal(moved, p.Name, choice.ToName ?? "");
        return choice.ToName is { } name ? Words["Done_HandOverTo", p.Name, name] : Words["Done_HandOver", p.Name];
    });

    private Task StepAsync(ActionRow action, ActionStep step) => DoAsync(async _ =>
    {
        if (step is ActionStep.Cancel && await Dialogs.Confirm(Words["CancelOneAsk", Say.Kind(action.Kind), action.ProspectName], Words["Step_Cancel"],
            new ConfirmOptions { OkButtonText = Words["Step_Cancel"], CancelButtonText = Text["Cancel"], CloseDialogOnEsc = true }) != true) return null;
        return Say.Outcome(await Bulk.DoAsync(action.Id, step, Stopping));
    });

    private string Said(ProspectOutcome outcome, string done) => outcome.Result == ProspectResult.Done ? done : Words["Prospect_" + outcome.Result];

    /// <summary>One at a time; the buttons say that something is under way. The sentence it gives is said; null: the person thought better of it.</summary>
    private async Task DoAsync(Func<ProspectRow, Task<string?>> action)
    {
        if (_busy || Prospect is not { } prospect) return;
        _busy = true;
        try
        {
            var said = await action(prospect);
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
