namespace Dispatch.Core.Broker;

/// <summary>
/// A queue with the rules of the broker's: what is taken and not acknowledged comes back to the front, too many times is too many. One lock, no thread.
/// </summary>
internal sealed class InProcessQueue(int deliveryLimit, Action<InProcessQueue.Item> died)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Item> _ready = new();
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Those who read it now.</summary>
    public int Consumers;

    public void Enqueue(Item item)
    {
        lock (_lock)
        {
            _ready.AddLast(item);
            _arrived.TrySetResult();
        }
    }

    /// <summary>Waits for the first, takes up to <paramref name="most"/>.</summary>
    public async Task<IReadOnlyList<Item>> TakeAsync(int most, CancellationToken cancel)
    {
        for (;;)
        {
            Task arrived;
            lock (_lock)
            {
                cancel.ThrowIfCancellationRequested();
                if (_ready.Count > 0)
                {
                    var taken = new List<Item>(Math.Min(most, _ready.Count));
                    while (taken.Count < most && _ready.First is { } first)
                    {
                        _ready.RemoveFirst();
                        first.Value.Deliveries++;
                        taken.Add(first.Value);
                    }
                    return taken;
                }
                if (_arrived.Task.IsCompleted) _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                arrived = _arrived.Task;
            }
            await arrived.WaitAsync(cancel);
        }
    }

    /// <summary>Back to the front in their order, or to the dead letters when it happened too often.</summary>
    public void Return(IEnumerable<Item> items)
    {
        List<Item> dead = [];
        lock (_lock)
        {
            foreach (var item in items.Reverse())
            {
                if (item.Deliveries > deliveryLimit) dead.Add(item);
                else _ready.AddFirst(item);
            }
            if (_ready.Count > 0) _arrived.TrySetResult();
        }
        foreach (var item in dead) died(item with { DeathReason = "delivery_limit" });
    }

    public void Reject(Item item) => died(item with { DeathReason = "rejected" });

    internal sealed record Item(BusMessage Message, string? WorkerId)
    {
        public int Deliveries { get; set; }
        public string? DeathReason { get; init; }
        public string? DeathQueue { get; init; }
        public bool Redelivered => Deliveries > 1;
    }
}
