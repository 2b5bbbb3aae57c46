using Dispatch.Core.Data;

namespace Dispatch.Core.Outreach;

/// <summary>
/// A claim in the transaction that stores what it takes: what is planned for now leaves after one commit, not after two. Of those that are planned together only if they are all one account's:
/// a transaction that locks several would have to do so in one order with all others. It may fail without harm: what it does not take is claimed after the commit.
/// </summary>
/// <param name="send">Calls the gateway for what was claimed, and frees its place.</param>
internal sealed class ClaimAlong(PromptClaims prompt, ChunksOnTheirWay chunks, SendPath.Claiming claiming, int most, Func<ClaimResult, ChunksOnTheirWay.Chunk, Task> send)
{
    private (AccountFacts Account, ChunksOnTheirWay.Chunk Place)? _taken;
    private ClaimResult? _claim;
    private int _known;

    /// <summary>Its transaction can be tried again, and then stores only.</summary>
    public bool WasTried { get; private set; }

    /// <summary>Claims what of these may leave now.</summary>
    /// <param name="planned">Stored in this session.</param>
    /// <returns>What is left to be claimed after the commit.</returns>
    /// <exception cref="StaleReadException">It was refused, or something is wrong with it: a plan is not lost for that, and the claim after its commit says what it is.</exception>
    public async Task<IReadOnlyCollection<DueActions>> TakeAsync(WriteSession session, IReadOnlyCollection<DueActions> planned, DateTime now)
    {
        if (WasTried)
        {
            // That was undone: judged by itself afterwards.
            claiming.Undo();
            _claim = null;
            return planned;
        }
        var due = planned.Where(p => p.Due <= now).ToList();
        if (due.Count == 0 || due.Exists(d => d.AccountId != due[0].AccountId)) return planned;
        WasTried = true;
        try
        {
            _taken = prompt.TryAlong(due[0].AccountId, now, chunks.TryEnter);
            if (_taken is not var (account, _)) return planned;
            _known = due.Sum(d => d.Count);
            _claim = await claiming.RunAsync(session, account, due.ConvertAll(d => (d.Type, d.Due)), most, now);
            return [.. planned.Except(due)];
        }
        catch (Exception e) when (e is not StaleReadException)
        {
            throw new StaleReadException("claim of what is stored");
        }
    }

    /// <summary>The transaction is committed. Never waits: the caller may be the one writer.</summary>
    public void OnCommitted()
    {
        // Once: an account and a place that were freed are somebody else's.
        if (_taken is not var (account, place)) return;
        _taken = null;
        if (_claim is { Count: > 0 } claim)
        {
            claiming.OnCommitted();
            _ = Task.Run(() => send(claim, place));
        }
        else place.Leave(sent: false);
        // Not known as left behind: what was refused came back as planned.
        prompt.OnAlong(account, _claim is null ? 0 : _known, _claim?.Count ?? 0);
    }

    /// <summary>The transaction failed, or its answer was lost.</summary>
    public void OnFailed()
    {
        if (_taken is not var (account, place)) return;
        _taken = null;
        claiming.GiveUp();
        place.Leave(sent: false);
        prompt.OnAlong(account, _known, 0);
    }
}
