using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Loops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Outreach;

/// <summary>
/// Seed 004 <c>reply.py</c>: composes the answer to a prospect in automatic mode and sends it at once, without a pending row and without a delay. What the policy does not let leave is a
/// draft for the moderator who has the conversation anyway.
/// </summary>
public sealed partial class ReplyJob(
    Database database, Actions actions, MessageComposer composer, TimeProvider clock, ILogger<ReplyJob> logger) : HostedLoop(clock, logger)
{
    private const int PerPass = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = logger;

    /// <summary>Answers everybody whose answer is due; returns how many answers left.</summary>
    public async Task<int> RunOnceAsync(DateTime now, CancellationToken cancel = default)
    {
        List<Prospect> due;
        await using (var db = database.Read())
        {
            due = await db.Prospects.Where(p => p.ReplyDueAt != null && p.ReplyDueAt <= now).OrderBy(p => p.ReplyDueAt).ThenBy(p => p.Id).Take(PerPass).ToListAsync(cancel);
        }
        var sent = 0;
        foreach (var prospect in due)
        {
            try
            {
                if (await AnswerAsync(prospect, now, cancel)) sent++;
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                // One who cannot be served must not hold up the others; he is tried again in the next pass.
                LogNotAnswered(e, prospect.Id);
            }
        }
        return sent;
    }

    private async Task<bool> AnswerAsync(Prospect prospect, DateTime now, CancellationToken cancel)
    {
        string account;
        bool moderatorAnswered;
        int today;
        await using (var db = database.Read())
        {
            account = await db.Accounts.Where(a => a.Id == prospect.AccountId).Select(a => a.Name).FirstAsync(cancel);
            moderatorAnswered = await (from c in db.Conversations
                                       join contact in db.Contacts on c.ContactId equals contact.Id
                                       where contact.Address == prospect.Address && c.LastMessageDirection == MessageDirection.Out && c.LastMessageAt > prospect.LastInboundAt
                                       select c.Id).AnyAsync(cancel);
            today = await db.OutreachActions.CountAsync(a => a.ProspectId == prospect.Id && a.Type == ActionType.Reply && a.CreatedAt > now.AddDays(-1), cancel);
        }
        var composed = await composer.ComposeAsync(
            ActionKinds.Reply, null, new ProspectCard(prospect.Id, prospect.Name, prospect.Address, prospect.Company, prospect.Language), account, cancel);
        var held = SendPolicy.Evaluate(new PolicyFacts(prospect, composed.Text, moderatorAnswered, today));
        var result = ActionResult.Refused;
        if (held is null)
        {
            // Once for what he has written so far: a second node, or a second look, finds the first answer.
            var key = string.Create(CultureInfo.InvariantCulture, $"auto:{prospect.Id}:{prospect.Epoch}");
            result = (await actions.ExecuteSendReply(prospect.Id, prospect.AccountId, composed.Text!, key, cancel)).Result;
            if (result == ActionResult.Refused) held = DraftReason.AccountHeld;
        }
        await database.WriteAsync(async session =>
        {
            // Has he written again meanwhile, his answer stays due and this one is not a draft.
            var (id, epoch, draft) = (prospect.Id, prospect.Epoch, held is null or DraftReason.NoText ? null : composed.Text);
            await session.Db.Prospects.Where(p => p.Id == id && p.Epoch == epoch).ExecuteUpdateAsync(set => set
                .SetProperty(p => p.ReplyDueAt, (DateTime?)null).SetProperty(p => p.Draft, draft).SetProperty(p => p.DraftReason, held));
            session.Publish(Topics.Prospect(id), EventNames.ProspectChanged, id);
        }, cancel);
        LogAnswered(prospect.Id, result, held);
        return result == ActionResult.Sent;
    }

    protected override async Task<TimeSpan> PassAsync(DateTime now, CancellationToken stop)
    {
        await RunOnceAsync(now, stop);
        return Interval;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Automatic answer to prospect {ProspectId}: {Result}, held by {Held}")]
    private partial void LogAnswered(long prospectId, ActionResult result, DraftReason? held);

    [LoggerMessage(Level = LogLevel.Error, Message = "The automatic answer to prospect {ProspectId} could not be made")]
    private partial void LogNotAnswered(Exception exception, long prospectId);
}
