using Dispatch.Core.Gateways;

namespace Dispatch.Core.Conversations;

/// <summary>
/// Keeps the order of a contact's messages while one of them is looked at before it is stored: "1" may be a driver's answer, and finding that it is
/// not takes a look into the database, which the next message must not use to overtake it. Where nothing is looked at it costs one read of a number.
/// </summary>
internal sealed class InboundTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _last = new(StringComparer.Ordinal);
    private volatile int _busy;

    /// <summary>Nothing of these contacts is being looked at.</summary>
    public bool IsFree(InboundBatch batch)
    {
        if (_busy == 0) return true;
        lock (_lock) return !batch.Messages.Any(m => _last.ContainsKey(m.Address));
    }

    /// <summary>Waits for everything of these contacts that came before; whoever comes after waits until this is disposed.</summary>
    public async Task<IDisposable> WaitAsync(InboundBatch batch)
    {
        var turn = new Turn(this, [.. batch.Messages.Select(m => m.Address).Distinct(StringComparer.Ordinal)]);
        List<Task> before = [];
        lock (_lock)
        {
            // All at once under one lock: two batches of the same contacts can not wait for each other.
            foreach (var address in turn.Addresses)
            {
                if (_last.TryGetValue(address, out var other)) before.Add(other);
                _last[address] = turn.Over;
            }
            _busy = _last.Count;
        }
        await Task.WhenAll(before);
        return turn;
    }

    private void End(Turn turn)
    {
        lock (_lock)
        {
            foreach (var address in turn.Addresses)
            {
                if (_last.TryGetValue(address, out var last) && last == turn.Over) _last.Remove(address);
            }
            _busy = _last.Count;
        }
    }

    private sealed class Turn(InboundTurns turns, IReadOnlyList<string> addresses) : IDisposable
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<string> Addresses => addresses;
        public Task Over => _over.Task;

        public void Dispose()
        {
            turns.End(this);
            _over.TrySetResult();
        }
    }
}
