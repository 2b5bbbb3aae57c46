namespace Dispatch.Core.Outreach;

/// <summary>
/// What this process knows to be due at a moment, because it planned it or saw it coming, is claimed at that moment and not after one more look at all accounts. Of use only to be quick: the
/// claim asks the account's row whether it is still the one that was seen, and whatever is not claimed here is found by the next look.
/// </summary>
/// <param name="claim">Claims what is due of the account, at most <paramref name="most"/>; returns how many.</param>
/// <param name="look">Asks for a look.</param>
internal sealed class PromptClaims(Func<AccountWork, Task<int>> claim, int most, Action look, OutreachOptions options, TimeProvider clock) : IDisposable
{
    /// <summary>An account that was read longer ago is looked at again.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(2);

    /// <summary>What is due later is found by a look in time.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(2);

    private const int MaxComing = 4096;

    /// <summary>To the millisecond: what was planned here is read back with fewer digits, and is the same.</summary>
    private static readonly Comparer<DueActions> InTime = Comparer<DueActions>.Create((a, b) =>
        (a.Due.Ticks / TimeSpan.TicksPerMillisecond, a.AccountId, a.Type).CompareTo((b.Due.Ticks / TimeSpan.TicksPerMillisecond, b.AccountId, b.Type)));

    private readonly Lock _lock = new();
    private readonly SortedSet<DueActions> _coming = new(InTime);

    /// <summary>The accounts that are being claimed, each with what came to be due meanwhile.</summary>
    private readonly Dictionary<long, Meanwhile> _claiming = [];

    private IReadOnlyDictionary<long, AccountWork> _seen = new Dictionary<long, AccountWork>();
    private long _seenAt;
    private ITimer? _timer;
    private DateTime _timerAt;
    private bool _ended;

    /// <summary>Nothing is being claimed.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock) return _claiming.Count == 0;
        }
    }

    /// <summary>Accounts as they were just read, with what of them is due next.</summary>
    /// <param name="now">What was due then, who looked takes himself.</param>
    public void See(IReadOnlyCollection<AccountWork> work, DateTime now)
    {
        var seen = work.ToDictionary(w => w.Account.Id);
        Change(() =>
        {
            (_seen, _seenAt) = (seen, clock.GetTimestamp());
            foreach (var (account, heads) in work)
            {
                foreach (var (type, due) in heads.Where(h => h.Due > now)) Await(new DueActions(account.Id, type, due), now);
            }
        });
    }

    /// <summary>These were planned.</summary>
    public void Add(IReadOnlyCollection<DueActions> planned)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        Change(() =>
        {
            foreach (var one in planned)
            {
                if (one.Due > now) Await(one, now);
                else Begin(one, now, seen: false);
            }
        });
    }

    /// <summary>Nobody else here claims of this account until <see cref="OnAlong"/>. Null: what is due of it is claimed after the commit, or by a look.</summary>
    /// <param name="enter">Asked in the same breath: once this has ended nobody enters any more.</param>
    public (AccountFacts Account, T Place)? TryAlong<T>(long account, DateTime now, Func<long, T?> enter) where T : class
    {
        lock (_lock)
        {
            // Whoever waited so long for his turn has an old idea of hours, day and gap.
            if (clock.GetUtcNow().UtcDateTime - now > KnownFor) return null;
            if (_ended || _claiming.ContainsKey(account) || Known(account, now) is not { } facts || enter(account) is not { } place) return null;
            _claiming.Add(account, new Meanwhile());
            return (facts, place);
        }
    }

    /// <summary>What <see cref="TryAlong"/> was for is over.</summary>
    /// <param name="known">So many were due.</param>
    public void OnAlong(AccountFacts account, int known, int claimed)
    {
        if (Next(account, known, claimed, seen: false) is not var (work, count, seen)) return;
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => ClaimAsync(work, count, seen));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _timer?.Dispose();
        }
    }

    /// <summary>The nearest are kept; the others are found by a look.</summary>
    private void Await(DueActions one, DateTime now)
    {
        if (one.Due - now > Ahead || !_coming.Add(one) || _coming.Count <= MaxComing) return;
        _coming.Remove(_coming.Max);
        look();
    }

    private void Arm()
    {
        if (_ended || _coming.Count == 0) return;
        var (now, next) = (clock.GetUtcNow().UtcDateTime, _coming.Min.Due);
        if (_timerAt > now && _timerAt <= next) return;
        _timerAt = next;
        // In whole milliseconds, as timers are: one that came too early would have to come again. Never long: the clock may have been set back.
        var wait = TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling((next - now).TotalMilliseconds), 1, Ahead.TotalMilliseconds));
        if (_timer is null) _timer = clock.CreateTimer(_ => OnDue(), null, wait, Timeout.InfiniteTimeSpan);
        else _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnDue()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        Change(() =>
        {
            _timerAt = default;
            while (_coming.Count > 0 && _coming.Min is var one && one.Due <= now)
            {
                _coming.Remove(one);
                Begin(one, now, seen: true);
            }
        });
    }

    /// <summary>One at a time, and the timer is right afterwards. Nobody stands above a timer or a thread of the pool: a fault there would end the process. The look meets it as well, and logs it.</summary>
    private void Change(Action work)
    {
        lock (_lock)
        {
            try
            {
                work();
                Arm();
            }
            catch (Exception)
            {
                look();
            }
        }
    }

    /// <param name="seen">It was the first of those that wait: who comes next is not known.</param>
    private void Begin(DueActions one, DateTime now, bool seen)
    {
        if (_ended) return;
        if (_claiming.TryGetValue(one.AccountId, out var meanwhile))
        {
            meanwhile.Add(one, seen);
            return;
        }
        // What is overdue, because this process was stopped for a while, is for fresh eyes to judge.
        if (now - one.Due > KnownFor || Known(one.AccountId, now) is not { } account)
        {
            look();
            return;
        }
        _claiming.Add(one.AccountId, new Meanwhile());
        var work = new AccountWork(account, [(one.Type, one.Due)]);
        // The planner's caller does not wait for a claim, and his trace is not that of what follows.
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => ClaimAsync(work, one.Count, seen));
    }

    /// <summary>Null: it was not seen a moment ago, or what was seen of it wants a fresh look.</summary>
    private AccountFacts? Known(long id, DateTime now) =>
        clock.GetElapsedTime(_seenAt) < KnownFor && _seen.GetValueOrDefault(id) is { } work && ScheduleRules.IsAtEase(work, now, options) ? work.Account : null;

    private async Task ClaimAsync(AccountWork work, int known, bool seen)
    {
        while (true)
        {
            var claimed = 0;
            try
            {
                claimed = await claim(work);
            }
            catch (Exception)
            {
                // Only while the process stops; otherwise whoever claims has logged it. Nothing was claimed.
            }
            if (Next(work.Account, known, claimed, seen) is not { } next) return;
            (work, known, seen) = next;
        }
    }

    /// <summary>What came to be due of the account while so many were claimed; null: nothing, and it is free.</summary>
    private (AccountWork Work, int Count, bool Seen)? Next(AccountFacts account, int known, int claimed, bool seen)
    {
        // Less than was known, because something held it, or so many that more may stand behind them.
        if (seen || claimed < known || claimed >= most || account.MinGap > TimeSpan.Zero) look();
        lock (_lock)
        {
            var next = _claiming[account.Id].Take();
            if (next.Count > 0 && !_ended && Known(account.Id, clock.GetUtcNow().UtcDateTime) is { } fresh) return (new AccountWork(fresh, next.Heads), next.Count, next.Seen);
            _claiming.Remove(account.Id);
            if (next.Count > 0) look();
            return null;
        }
    }

    /// <summary>What of an account came to be due while it was being claimed.</summary>
    private sealed class Meanwhile
    {
        private readonly Dictionary<ActionType, DateTime> _heads = [];
        private (int Count, bool Seen) _what;

        public void Add(DueActions one, bool seen)
        {
            _heads.TryAdd(one.Type, one.Due);
            _what = (_what.Count + one.Count, _what.Seen || seen);
        }

        public (IReadOnlyList<(ActionType Type, DateTime Due)> Heads, int Count, bool Seen) Take()
        {
            var (count, seen) = _what;
            IReadOnlyList<(ActionType, DateTime)> heads = [.. _heads.Select(h => (h.Key, h.Value))];
            _heads.Clear();
            _what = default;
            return (heads, count, seen);
        }
    }
}
