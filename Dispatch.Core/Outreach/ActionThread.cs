using System.Globalization;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>What prospects were sent, as lines of the thread that a moderator sees; written by whoever records the sending, in his transaction.</summary>
internal sealed class ActionThread(IOptions<ConversationOptions> options)
{
    public static string KeyOf(long action) => string.Create(CultureInfo.InvariantCulture, $"{SentElsewhere.KeyPrefix}{action}");

    /// <summary>Of what the gateway just answered for. Returns what is left to do in the transaction.</summary>
    /// <param name="before">What records the answers, in the same round trip; null comes back: one of them changed another number of rows than it must.</param>
    /// <param name="failed">Gets those that did not arrive, as the gateway had said before its answer was recorded.</param>
    public Task<IReadOnlyList<Statement>?> WriteAsync(
        WriteSession session, IReadOnlyCollection<(ReadyAction Ready, SentAction Sent)> ends, IReadOnlyList<Statement> before, DateTime now, ICollection<LateFailure> failed) =>
        SentElsewhere.WriteAsync(session, [.. ends.Select(e => LineOf(e.Ready, e.Sent)).OfType<SentMessage>()], before, now - options.Value.ReopenWithin, now, failed);

    /// <summary>Of actions whose rows say what became of them: a sender that was lost, a doubt that ended.</summary>
    public async Task ShowAsync(WriteSession session, IReadOnlyCollection<long> ids, DateTime now)
    {
        if (ids.Count == 0) return;
        var rows = await (from a in session.Db.OutreachActions
                          join p in session.Db.Prospects on a.ProspectId equals p.Id
                          join c in session.Db.Accounts on a.AccountId equals c.Id
                          join profile in session.Db.Profiles on c.ChannelId equals profile.ChannelId
                          where ids.Contains(a.Id)
                          select new { Action = a, p.Name, p.Address, ProfileId = profile.Id, profile.ChannelId }).AsNoTracking().ToListAsync();
        var lines = rows.Where(r => IsMessage(r.Action.Type) && StatusOf(r.Action.Status, r.Action.Error) is not null).Select(r => new SentMessage(
            KeyOf(r.Action.Id), r.ProfileId, r.ChannelId, r.Address, r.Name, r.Action.Content ?? "", r.Action.ProviderMessageId, StatusOf(r.Action.Status, r.Action.Error)!.Value, r.Action.Error,
            r.Action.StartedAt ?? now, r.Action.Type == ActionType.Reply)).ToList();
        await session.ExecuteAllAsync((await SentElsewhere.WriteAsync(session, lines, [], now - options.Value.ReopenWithin, now))!);
    }

    private static SentMessage? LineOf(ReadyAction ready, SentAction sent)
    {
        var action = ready.Action;
        return IsMessage(action.Type) && action.Account.Channel is { ProfileId: { } profile } channel && StatusOf(sent.Status, sent.Error) is { } status
            ? new SentMessage(
                KeyOf(action.Id), profile, channel.Id, action.Prospect.Address, action.Prospect.Name, ready.Text, sent.ProviderId, status, sent.Error, ready.StartedAt, action.Type == ActionType.Reply)
            : null;
    }

    private static bool IsMessage(ActionType type) => type != ActionType.Invitation;

    /// <summary>Null: nothing left, and nothing is shown; of what was in doubt it is shown that it did not.</summary>
    private static MessageStatus? StatusOf(ActionStatus status, string? error) => status switch
    {
        ActionStatus.Success => MessageStatus.Sent,
        ActionStatus.Uncertain => MessageStatus.Uncertain,
        ActionStatus.Failed when error == nameof(ActionEnd.NotSent) => MessageStatus.Failed,
        _ => null,
    };
}
