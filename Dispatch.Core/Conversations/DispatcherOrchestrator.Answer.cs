using Dispatch.Core.Locks;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>The lock under which a conversation is answered.</summary>
/// <param name="ContactId">Who is locked; 0: there is no such conversation, or it is not the moderator's.</param>
public sealed record AnswerLock(long ContactId, LockOutcome Lock);

/// <summary>Answering, from opening the conversation on.</summary>
public sealed partial class DispatcherOrchestrator
{
    /// <summary>
    /// The owner opens the conversation to answer it: the contact is his until he stops typing for the usual time. Refused with who has it when
    /// somebody answers the contact elsewhere.
    /// </summary>
    public Task<AnswerLock> BeginAnswerAsync(long conversationId, long moderatorId, CancellationToken cancel = default)
    {
        var now = Now;
        return database.WriteAsync(async session =>
        {
            var open = await session.Db.Conversations.Where(c => c.Id == conversationId && c.OwnerId == moderatorId)
                .Select(c => new { c.ContactId, c.ProfileId }).FirstOrDefaultAsync();
            return open is null
                ? new AnswerLock(0, new LockOutcome(LockResult.NotAllowed))
                : new AnswerLock(open.ContactId, await locks.LockClientAsync(session, open.ContactId, open.ProfileId, moderatorId, now));
        }, cancel);
    }
}
