using Dispatch.Core.Data;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Outreach;

/// <summary>Seed 004 <c>connection.py</c>: a prospect who connected, or is new, gets the first contact at once, or the invitation that his provider wants before it; once per prospect and account ever, through <see cref="Actions"/> like everything else.</summary>
public sealed partial class ConnectionJob(
    Database database, Actions actions, ProspectService prospects, ConnectionSignal signal, TimeProvider clock, ILogger<ConnectionJob> logger) : HostedLoop(clock, logger, signal)
{
    private const int PerPass = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private readonly ILogger _logger = logger;

    /// <summary>
    /// An invitation was accepted (Unipile <c>new_relation</c>, or the message that comes with it). Makes the prospect if he is new; a second report of the same changes nothing.
    /// </summary>
    /// <param name="address">Digits, or the provider's own id.</param>
    public async Task<ActionOutcome> ConnectedAsync(long accountId, string address, string name, string? language = null, CancellationToken cancel = default)
    {
        var made = await prospects.CreateAsync(new NewProspect { Name = name, Address = address, AccountId = accountId, Language = language, Contact = true, Connected = true }, cancel);
        return made.Result is ProspectResult.Done or ProspectResult.Duplicate
            ? await actions.ExecuteSendFirstContact(made.Id, accountId, cancel: cancel)
            : new ActionOutcome(made.Result == ProspectResult.AccountNotFound ? ActionResult.AccountNotFound : ActionResult.BadInput, Errors: made.Errors);
    }

    /// <summary>First contacts that are due; returns how many were executed or planned.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        var (total, failed) = (0, 0);
        for (;;)
        {
            List<(long Id, long Account, DateTime? Connected)> due;
            await using (var db = database.Read())
            {
                due = (await db.Prospects.Where(p => p.ContactDueAt != null && p.ContactDueAt <= now).OrderBy(p => p.ContactDueAt).ThenBy(p => p.Id)
                    .Select(p => new { p.Id, p.AccountId, p.ConnectedAt }).Take(PerPass).ToListAsync(cancel)).ConvertAll(p => (p.Id, p.AccountId, p.ConnectedAt));
            }
            foreach (var (id, account, connected) in due)
            {
                try
                {
                    var outcome = await actions.ApproachAsync(id, account, cancel);
                    LogContacted(id, account, outcome.Result);
                    // Whatever became of it stands in the action's row from here on. But who was invited and turned out to be connected is due once more, for his first word.
                    await database.WriteAsync(session => session.Db.Prospects.Where(p => p.Id == id && p.ContactDueAt != null && p.ConnectedAt == connected)
                        .ExecuteUpdateAsync(set => set.SetProperty(p => p.ContactDueAt, (DateTime?)null)), cancel);
                    total++;
                }
                catch (Exception e) when (!cancel.IsCancellationRequested)
                {
                    // One who cannot be served must not hold up the others; he is tried again in the next pass.
                    LogNotContacted(e, id);
                    failed++;
                }
            }
            if (due.Count < PerPass || failed > 0) return total;
        }
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "First contact of prospect {ProspectId} by account {AccountId}: {Result}")]
    private partial void LogContacted(long prospectId, long accountId, ActionResult result);

    [LoggerMessage(Level = LogLevel.Error, Message = "The first contact of prospect {ProspectId} could not be made")]
    private partial void LogNotContacted(Exception exception, long prospectId);
}
