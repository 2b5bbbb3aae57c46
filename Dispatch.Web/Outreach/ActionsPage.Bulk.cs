using Dispatch.Core.Outreach;
using Dispatch.Web.Conversations;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;

namespace Dispatch.Web.Outreach;

/// <summary>One step on one action, or on many with its progress and a stop.</summary>
public sealed partial class ActionsPage
{
    private const int MaxBulk = 5_000;

    /// <summary>Not more often: at hundreds a second the page would show nothing else.</summary>
    private static readonly TimeSpan Shown = TimeSpan.FromMilliseconds(200);
    private BulkRun? _run;
    private bool _busy, _foundChosen;

    private bool Busy => _busy || _run is not null;

    private void Choose(long id)
    {
        _foundChosen = false;
        if (!_chosen.Remove(id)) _chosen.Add(id);
    }

    private void ChooseAll(ChangeEventArgs e)
    {
        _foundChosen = false;
        _chosen.Clear();
        if (e.Value is true) _chosen.UnionWith(_list!.Items.Select(r => r.Id));
    }

    /// <summary>Also what is on the other pages of this list.</summary>
    private async Task ChooseFoundAsync()
    {
        var ids = await Queries.ActionIdsAsync(View.Filter, MaxBulk, Stopping);
        _chosen.Clear();
        _chosen.UnionWith(ids);
        _foundChosen = true;
    }

    private Task StepAsync(ActionRow row, ActionStep step) => DoAsync(async () =>
    {
        if (step == ActionStep.Cancel && !await AskAsync(Words["CancelOneAsk", Say.Kind(row.Kind), row.ProspectName], step)) return;
        var outcome = await Bulk.DoAsync(row.Id, step, Stopping);
        await ReloadAsync();
        Notices.Say($"{row.ProspectName}: {Say.Outcome(outcome)}");
    });

    /// <summary>In the order of the list, the oldest due first.</summary>
    private Task RunAsync(ActionStep step) => DoAsync(async () =>
    {
        List<long> ids = [.. _list!.Items.Select(r => r.Id).Where(_chosen.Contains), .. _chosen.Except(_list.Items.Select(r => r.Id)).Order()];
        if (ids.Count == 0 || !await AskAsync(Plural.Of(Words, "Ask_" + step, ids.Count), step)) return;
        IReadOnlyList<ActionOutcome> outcomes;
        using (_run = new BulkRun(step, ids.Count))
        {
            StateHasChanged();
            var last = Clock.GetTimestamp();
            outcomes = await _run.RunAsync(Bulk, ids, done =>
            {
                if (done < ids.Count && Clock.GetElapsedTime(last) < Shown) return;
                last = Clock.GetTimestamp();
                _ = InvokeAsync(StateHasChanged);
            });
        }
        _run = null;
        _foundChosen = false;
        _chosen.Clear();
        await ReloadAsync();
        foreach (var (result, count) in BulkRun.Sum(outcomes)) Notices.Say(Plural.Of(Words, "Bulk_" + result, count));
        if (outcomes.Count < ids.Count) Notices.Say(Plural.Of(Words, "BulkStopped", ids.Count - outcomes.Count));
    });

    private async Task<bool> AskAsync(string question, ActionStep step) => await Dialogs.Confirm(
        question, Say["Step_" + step], new ConfirmOptions { OkButtonText = Say["Step_" + step], CancelButtonText = Words["Back"], CloseDialogOnEsc = true }) == true;

    private async Task DoAsync(Func<Task> work)
    {
        if (Busy) return;
        _busy = true;
        try
        {
            await work();
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException)
        {
            // the page is left
        }
        finally
        {
            (_busy, _run) = (false, null);
        }
    }
}
