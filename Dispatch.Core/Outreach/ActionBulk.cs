namespace Dispatch.Core.Outreach;

/// <summary>What a person does to actions, one or many.</summary>
public enum ActionStep
{
    RunNow, Cancel, Retry,
    /// <summary>Of an uncertain one: a person saw that it left.</summary>
    WasSent,
    /// <summary>A person saw that it did not.</summary>
    WasNotSent,
    /// <summary>The gateway is asked.</summary>
    AskGateway,
}

/// <summary>The same step over many actions, one after the other, so that it can be watched and stopped in between; each is the guarded step of <see cref="Actions"/>.</summary>
public sealed class ActionBulk(Actions actions)
{
    /// <summary>What an action in this status allows, the usual first.</summary>
    public static IReadOnlyList<ActionStep> Allowed(ActionStatus status) => status switch
    {
        ActionStatus.Pending => [ActionStep.RunNow, ActionStep.Cancel],
        ActionStatus.Claimed => [ActionStep.Cancel],
        ActionStatus.Failed => [ActionStep.Retry, ActionStep.Cancel],
        ActionStatus.Uncertain => [ActionStep.WasSent, ActionStep.WasNotSent, ActionStep.AskGateway],
        ActionStatus.Sending or ActionStatus.Success or ActionStatus.Cancelled => [],
    };

    /// <summary>What a whole tab allows.</summary>
    public static IReadOnlyList<ActionStep> Allowed(ActionTab tab) => tab switch
    {
        ActionTab.Pending or ActionTab.Retrying => Allowed(ActionStatus.Pending),
        ActionTab.Running => Allowed(ActionStatus.Claimed),
        ActionTab.Uncertain => Allowed(ActionStatus.Uncertain),
        ActionTab.Dead => Allowed(ActionStatus.Failed),
    };

    public Task<ActionOutcome> DoAsync(long id, ActionStep step, CancellationToken cancel = default) => step switch
    {
        ActionStep.RunNow => actions.RunNowAsync(id, cancel),
        ActionStep.Cancel => actions.CancelAsync(id, cancel),
        ActionStep.Retry => actions.RetryAsync(id, cancel),
        ActionStep.WasSent => actions.ReconcileAsync(id, sent: true, cancel),
        ActionStep.WasNotSent => actions.ReconcileAsync(id, sent: false, cancel),
        ActionStep.AskGateway => actions.ReconcileAsync(id, sent: null, cancel),
    };

    /// <summary>Goes through the actions in their order; returns what became of those it came to.</summary>
    /// <param name="done">Told after each how many are through.</param>
    /// <param name="stop">Ends between two actions, never in the middle of one.</param>
    public async Task<IReadOnlyList<ActionOutcome>> RunAsync(IReadOnlyList<long> ids, ActionStep step, Action<int> done, CancellationToken stop)
    {
        var outcomes = new List<ActionOutcome>(ids.Count);
        foreach (var id in ids)
        {
            if (stop.IsCancellationRequested) break;
            outcomes.Add(await DoAsync(id, step, CancellationToken.None));
            done(outcomes.Count);
        }
        return outcomes;
    }
}
