using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

public sealed partial class Actions
{
    private const int Looked = 50;

    /// <summary>
    /// A gateway shows a message of ours in a chat. If it is that of an action, an uncertain one ends as sent by it. True: it is one of ours; false: somebody wrote it elsewhere.
    /// </summary>
    public async Task<bool> EchoAsync(long channelId, string address, string text, string providerId, CancellationToken cancel = default)
    {
        await using var db = _database.Read();
        var mine = await (from p in db.Prospects
                          join a in db.OutreachActions on p.Id equals a.ProspectId
                          join c in db.Accounts on a.AccountId equals c.Id
                          where p.Address == address && c.ChannelId == channelId && a.Type != ActionType.Invitation && new[] { ActionStatus.Sending, ActionStatus.Uncertain, ActionStatus.Success }.Contains(a.Status)
                          orderby a.Id descending
                          select new { a.Id, a.Status, a.Content, a.ProviderMessageId }).Take(Looked).ToListAsync(cancel);
        if (mine.Exists(a => a.ProviderMessageId == providerId)) return true;
        // The oldest first: two equal texts come back in the order in which they left.
        foreach (var one in mine.Where(a => a.ProviderMessageId is null && a.Content is { } content && OutsideText.IsSame(content, text)).Reverse())
        {
            switch (one.Status)
            {
                case ActionStatus.Uncertain:
                    if ((await EndDoubtAsync(one.Id, true, providerId, cancel)).Result == ActionResult.Sent) return true;
                    break;
                case ActionStatus.Sending:
                    // Its sender waits for the answer and records it; should he die, the chat is asked.
                    return true;
                default:
                    if (await NameAsync(one.Id, providerId, cancel)) return true;
                    break;
            }
        }
        return false;
    }

    /// <summary>The gateway's answer had no id yet.</summary>
    private async Task<bool> NameAsync(long id, string providerId, CancellationToken cancel) => await _database.WriteAsync(async session =>
    {
        if (await session.Db.OutreachActions.Where(a => a.Id == id && a.ProviderMessageId == null).ExecuteUpdateAsync(set => set.SetProperty(a => a.ProviderMessageId, providerId)) == 0) return false;
        var key = ActionThread.KeyOf(id);
        await session.Db.Messages.Where(m => m.EffectKey == key && m.ProviderMessageId == null).ExecuteUpdateAsync(set => set.SetProperty(m => m.ProviderMessageId, providerId));
        return true;
    }, cancel);
}
