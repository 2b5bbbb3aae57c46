using Dispatch.Core.Conflicts;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Moderators;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Conversations;

/// <summary>Conversations that begin from our side.</summary>
public sealed partial class DispatcherOrchestrator
{
    /// <summary>
    /// Begins a conversation: approach, conversation, claim and first message in one transaction, or nothing. Who is approached twice is settled by the
    /// row of the approach and the index of open conversations, not by looking first.
    /// </summary>
    public async Task<StartOutcome> StartConversationAsync(NewConversation wanted, CancellationToken cancel = default)
    {
        wanted = wanted with { Text = OutsideText.Mend(wanted.Text), Name = OutsideText.Cut(OutsideText.Mend(wanted.Name ?? ""), ConversationConfiguration.NameLength) };
        if (string.IsNullOrWhiteSpace(wanted.Text) || wanted.Text.Length > ReplyOutcome.MaxLength) return new StartOutcome(StartResult.BadText);
        if (wanted.ContactId is null && !IsAddress(wanted.Address)) return new StartOutcome(StartResult.BadAddress);
        var now = Now;
        var outcome = await database.WriteAsync(session => StartAsync(session, wanted, now), cancel);
        if (outcome.Result == StartResult.Started) outbound.Enqueue(outcome.ConversationId);
        return outcome;
    }

    private async Task<StartOutcome> StartAsync(WriteSession session, NewConversation wanted, DateTime now)
    {
        var known = wanted.EffectKey is null ? null : await session.Db.Messages.Where(m => m.EffectKey == wanted.EffectKey)
            .Select(m => new { m.Id, m.ConversationId }).FirstOrDefaultAsync();
        if (known is not null) return new StartOutcome(StartResult.AlreadyStarted, known.ConversationId, known.Id);
        if (!await session.Db.Profiles.AnyAsync(p => p.Id == wanted.ProfileId)) return new StartOutcome(StartResult.ProfileNotFound);
        if (!await session.Db.Moderators.AnyAsync(m => m.Id == wanted.ModeratorId && m.Enabled))
            return new StartOutcome(StartResult.NotAssignable, Claim: new ClaimOutcome(ClaimResult.Disabled));
        if (await ContactAsync(session, wanted, now) is not { } contact) return new StartOutcome(StartResult.ContactNotFound);

        StartOutcome? outcome = null;
        if (await session.TryAsync(async () => (outcome = await BeginAsync(session, wanted, contact, now)).Succeeded)) return outcome!;
        if (outcome!.Result == StartResult.DoubleInitiation)
        {
            // Read after the attempt: who won is there now, whether he had it before or was faster by a moment.
            var why = await conflicts.LookAsync(session, contact, wanted.ProfileId, now);
            if (why.Result == InitiationResult.Allowed) throw new StaleReadException("approach");
            await ConflictResolutionService.LogConflictAsync(session, new Conflict(
                ConflictKind.Initiation, contact, why.Result == InitiationResult.AlreadyOpen ? ConflictRule.Owner : ConflictRule.RecentApproach, why.ModeratorId,
                wanted.ModeratorId, why.ConversationId ?? why.Since!.Value.Ticks)
                { ProfileId = wanted.ProfileId, Participants = why.ModeratorId is { } winner ? [winner, wanted.ModeratorId] : [wanted.ModeratorId], Resolution = ConflictResolution.Automatic, Duration = TimeSpan.Zero }, now);
            return outcome with { Initiation = why };
        }
        if (outcome.Reply?.Held is { } held) await Locks.LockStore.LogAsync(session, held, wanted.ProfileId, wanted.ModeratorId, now);
        return outcome;
    }

    private async Task<StartOutcome> BeginAsync(WriteSession session, NewConversation wanted, long contact, DateTime now)
    {
        if (!await conflicts.ClaimApproachAsync(session, contact, wanted.ProfileId, wanted.ModeratorId, now)) return new StartOutcome(StartResult.DoubleInitiation);
        long id;
        try
        {
            id = (await InboundStore.AddConversationsAsync(session, [(wanted.ProfileId, contact)], now))[0].Id;
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            // There is an open one: the contact may have written this very moment. The savepoint around this makes the transaction usable again.
            return new StartOutcome(StartResult.DoubleInitiation);
        }
        await ConversationClaims.AddEventAsync(session, new ConversationEvent
            { ConversationId = id, At = now, Kind = ConversationEventKind.Opened, Cause = ClaimCause.Start, Reason = DecisionReason.Manual, ActorId = wanted.ModeratorId });
        var present = await session.Db.Moderators.AnyAsync(m => m.Id == wanted.ModeratorId && m.State == PresenceState.Online);
        var seen = new SeenConversation(id, wanted.ProfileId, ConversationStatus.Pending, null, 0);
        var claim = await claims.ApplyAsync(
            session, new Claim(seen, ClaimCause.Start, wanted.ModeratorId, DecisionReason.Manual) { ActorId = wanted.ModeratorId, RequirePresent = present }, now);
        // Nobody can be faster at a conversation that only this transaction knows: what refused the person a moment ago is not so any more.
        if (claim.Result == ClaimResult.Lost) throw new StaleReadException("seat");
        if (!claim.Succeeded) return new StartOutcome(StartResult.NotAssignable, Claim: claim);
        var reply = await ReplyStore.AddAsync(session, locks, new NewReply(id, wanted.ModeratorId, wanted.Text, wanted.EffectKey, null), now);
        return reply.Succeeded ? new StartOutcome(StartResult.Started, id, reply.MessageId) : new StartOutcome(StartResult.NotSent, Reply: reply);
    }

    /// <summary>Null: no such contact. One that is named by an unknown address is added.</summary>
    private static async Task<long?> ContactAsync(WriteSession session, NewConversation wanted, DateTime now)
    {
        if (wanted.ContactId is { } id) return await session.Db.Contacts.AnyAsync(c => c.Id == id) ? id : null;
        var address = wanted.Address!.Trim();
        if (await session.Db.Contacts.Where(c => c.Address == address).Select(c => (long?)c.Id).FirstOrDefaultAsync() is { } known) return known;
        try
        {
            return (await InboundStore.AddContactsAsync(session, [(address, wanted.Name!)], now))[0].Id;
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            throw new StaleReadException("contact");
        }
    }

    private static bool IsAddress(string? address) =>
        address?.Trim() is { Length: > 0 and <= ConversationConfiguration.AddressLength } clean && clean.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@');
}
