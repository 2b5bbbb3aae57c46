namespace Dispatch.Core.Outreach;

/// <summary>The chunks of this process between their claim and their record: so many at once, counted by account.</summary>
internal sealed class ChunksOnTheirWay(int most)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _room = new(most);
    private readonly Dictionary<long, int> _accounts = [];
    private TaskCompletionSource? _empty;
    private int _open, _ended;
    private bool _wake;

    /// <summary>How many ended after something of them was sent.</summary>
    public int Ended
    {
        get
        {
            lock (_lock) return _ended;
        }
    }

    public bool IsBusy(long account)
    {
        lock (_lock) return _accounts.ContainsKey(account);
    }

    /// <summary>When there is room. Null: cancelled.</summary>
    public async Task<Chunk?> EnterAsync(long account, CancellationToken cancel)
    {
        try
        {
            await _room.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        return Enter(account);
    }

    /// <summary>If there is room now.</summary>
    public Chunk? TryEnter(long account) => _room.Wait(0) ? Enter(account) : null;

    private Chunk Enter(long account)
    {
        lock (_lock)
        {
            _open++;
            _accounts[account] = _accounts.GetValueOrDefault(account) + 1;
        }
        return new Chunk(this, account);
    }

    /// <summary>Until none is on its way.</summary>
    public Task WaitAsync()
    {
        lock (_lock) return _open == 0 ? Task.CompletedTask : (_empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Whoever ends next says so. False: some ended since there were so many, and nobody would.</summary>
    public bool WakeAfter(int ended)
    {
        lock (_lock)
        {
            _wake = _ended == ended;
            return _wake;
        }
    }

    private bool Leave(long account, bool sent)
    {
        TaskCompletionSource? empty = null;
        bool wake;
        lock (_lock)
        {
            if (--_accounts[account] == 0) _accounts.Remove(account);
            if (sent) _ended++;
            wake = sent && _wake;
            if (wake) _wake = false;
            if (--_open == 0) (empty, _empty) = (_empty, null);
        }
        _room.Release();
        empty?.TrySetResult();
        return wake;
    }

    internal sealed class Chunk(ChunksOnTheirWay all, long account)
    {
        /// <summary>Its place is free. True: somebody asked to be woken.</summary>
        public bool Leave(bool sent) => all.Leave(account, sent);
    }
}
