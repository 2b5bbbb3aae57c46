using Dispatch.Core.Outreach;

namespace Dispatch.Web.Outreach;

/// <summary>A step that goes through many actions: how far it is, and the word that ends it.</summary>
public sealed class BulkRun(ActionStep step, int total) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private bool _over;

    public ActionStep Step => step;
    public int Total => total;
    public int Done { get; private set; }

    /// <summary>Somebody asked it to end; what is under way is finished first.</summary>
    public bool IsStopping => _stop.IsCancellationRequested;

    public Task<IReadOnlyList<ActionOutcome>> RunAsync(ActionBulk bulk, IReadOnlyList<long> ids, Action<int> shown) => bulk.RunAsync(ids, step, done =>
    {
        Done = done;
        shown(done);
    }, _stop.Token);

    /// <summary>A click on a button that the page still shows may come when the run is over: then there is nothing to end.</summary>
    public void Stop()
    {
        if (!_over) _stop.Cancel();
    }

    public void Dispose()
    {
        _over = true;
        _stop.Dispose();
    }

    /// <summary>How many ended how, what worked first. Pure.</summary>
    public static IReadOnlyList<(ActionResult Result, int Count)> Sum(IReadOnlyList<ActionOutcome> outcomes) =>
        [.. outcomes.GroupBy(o => o.Result).OrderBy(g => g.Key).Select(g => (g.Key, g.Count()))];
}
