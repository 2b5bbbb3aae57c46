using Dispatch.Core.Loops;

namespace Dispatch.Core.Outreach;

/// <summary>So many actions of this account and type are due then.</summary>
internal readonly record struct DueActions(long AccountId, ActionType Type, DateTime Due, int Count = 1);

/// <summary>Something may be due: wakes the queue of this process. Others find it within a second.</summary>
public sealed class OutreachSignal : WakeSignal
{
    /// <summary>Takes what this process planned without looking for it; null: the queue does not run, or looks.</summary>
    internal Action<IReadOnlyCollection<DueActions>>? Prompt { get; set; }

    /// <summary>Takes it in the transaction that stores it; null: the queue does not run. Its answer is null where that cannot be now, for whatever reason.</summary>
    internal Func<ValueTask<ClaimAlong?>>? Along { get; set; }

    /// <summary>These were committed. Never waits: the caller may be the one writer.</summary>
    internal void OnPlanned(IReadOnlyCollection<DueActions> planned)
    {
        if (planned.Count == 0) return;
        if (Prompt is null) Wake();
        else ThreadPool.UnsafeQueueUserWorkItem(static p => p.Signal.Tell(p.Planned), (Signal: this, Planned: planned), preferLocal: false);
    }

    private void Tell(IReadOnlyCollection<DueActions> planned)
    {
        if (Prompt is { } prompt) prompt(planned);
        else Wake();
    }
}

/// <summary>A first contact may be due: wakes the connection job of this process. Others find it within two seconds.</summary>
public sealed class ConnectionSignal : WakeSignal;
