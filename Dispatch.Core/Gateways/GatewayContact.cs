using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Dispatch.Core.Gateways;

/// <summary>Of an invitation: Sending, then one of the others. Who is <see cref="Uncertain"/> is asked about before he is invited again.</summary>
public enum InvitationStatus { Sending, Sent, Failed, Uncertain, Accepted }

/// <summary>What a gateway calls a person of one channel: the chat he is written to in, and the invitation he was sent. One row per channel and address.</summary>
public sealed class GatewayContact
{
    public long Id { get; set; }
    public long ChannelId { get; set; }

    /// <summary>As <see cref="Conversations.Contact.Address"/>.</summary>
    public required string Address { get; set; }

    /// <summary>Null: no chat yet; the next message starts one.</summary>
    public string? ChatId { get; set; }

    /// <summary>Of the message that told of the chat: an older one, delivered late, does not take it back.</summary>
    public DateTime? ChatAt { get; set; }

    /// <summary>Null: never invited by Dispatch.</summary>
    public InvitationStatus? Invitation { get; set; }
    public string? InvitationId { get; set; }
    public DateTime? InvitedAt { get; set; }
}

internal sealed class GatewayContactConfiguration : IEntityTypeConfiguration<GatewayContact>
{
    public const int IdLength = 200;

    public void Configure(EntityTypeBuilder<GatewayContact> builder)
    {
        builder.Property(c => c.Address).HasMaxLength(64);
        builder.Property(c => c.ChatId).HasMaxLength(IdLength);
        builder.Property(c => c.InvitationId).HasMaxLength(IdLength);
        builder.HasIndex(c => new { c.ChannelId, c.Address }).IsUnique();
        builder.HasIndex(c => new { c.ChannelId, c.InvitedAt });
    }
}

/// <summary>Chats and invitations of people at a gateway.</summary>
public sealed class GatewayContacts(Database database)
{
    /// <summary>Null: none is known.</summary>
    public async Task<string?> ChatAsync(long channelId, string address, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.GatewayContacts.Where(c => c.ChannelId == channelId && c.Address == address).Select(c => c.ChatId).FirstOrDefaultAsync(cancel);
    }

    /// <summary>The newest word says which chat it is.</summary>
    public async Task RememberAsync(long channelId, ChatOf chat)
    {
        if (chat.ChatId.Length > GatewayContactConfiguration.IdLength) return;
        await using (var db = database.Read())
        {
            // Nearly always it is known; then nothing is written.
            if (await db.GatewayContacts.AnyAsync(c => c.ChannelId == channelId && c.Address == chat.Address && c.ChatId == chat.ChatId)) return;
        }
        await ChangeAsync(
            channelId, chat.Address,
            q => q.Where(c => c.ChatId == null || c.ChatAt == null || c.ChatAt <= chat.At)
                .ExecuteUpdateAsync(set => set.SetProperty(c => c.ChatId, chat.ChatId).SetProperty(c => c.ChatAt, chat.At)),
            () => new GatewayContact { ChannelId = channelId, Address = chat.Address, ChatId = chat.ChatId, ChatAt = chat.At });
    }

    /// <summary>The gateway does not know the chat any more.</summary>
    public Task ForgetAsync(long channelId, string address, string chatId) => database.WriteAsync(session => session.Db.GatewayContacts
        .Where(c => c.ChannelId == channelId && c.Address == address && c.ChatId == chatId)
        .ExecuteUpdateAsync(set => set.SetProperty(c => c.ChatId, (string?)null).SetProperty(c => c.ChatAt, (DateTime?)null)));

    /// <summary>His open invitation is accepted. False: there is none.</summary>
    public async Task<bool> AcceptedAsync(long channelId, string address) => await database.WriteAsync(session => session.Db.GatewayContacts
        .Where(c => c.ChannelId == channelId && c.Address == address && c.Invitation != null && c.Invitation != InvitationStatus.Accepted && c.Invitation != InvitationStatus.Failed)
        .ExecuteUpdateAsync(set => set.SetProperty(c => c.Invitation, InvitationStatus.Accepted))) > 0;

    /// <summary>He is connected with the channel's account, invited by Dispatch or not: he can be written to.</summary>
    public Task ConnectedAsync(long channelId, string address) => ChangeAsync(
        channelId, address, q => q.ExecuteUpdateAsync(set => set.SetProperty(c => c.Invitation, InvitationStatus.Accepted)),
        () => new GatewayContact { ChannelId = channelId, Address = address, Invitation = InvitationStatus.Accepted });

    public async Task<bool> IsAcceptedAsync(long channelId, string address, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.GatewayContacts.AnyAsync(c => c.ChannelId == channelId && c.Address == address && c.Invitation == InvitationStatus.Accepted, cancel);
    }

    /// <summary>An invitation of his is open.</summary>
    public async Task<bool> IsInvitedAsync(long channelId, string address, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        return await db.GatewayContacts.AnyAsync(
            c => c.ChannelId == channelId && c.Address == address && c.Invitation != null && c.Invitation != InvitationStatus.Accepted && c.Invitation != InvitationStatus.Failed, cancel);
    }

    /// <summary>A guarded update of the row, or the row made; the unique index says whether somebody else was faster.</summary>
    private async Task ChangeAsync(long channelId, string address, Func<IQueryable<GatewayContact>, Task<int>> change, Func<GatewayContact> make)
    {
        for (var again = 0; ; again++)
        {
            try
            {
                await database.WriteAsync(async session =>
                {
                    var mine = session.Db.GatewayContacts.Where(c => c.ChannelId == channelId && c.Address == address);
                    // Looked for first: changed first, a row made between the two statements would be taken for one that knows more.
                    if (await mine.AnyAsync())
                    {
                        await change(mine);
                        return;
                    }
                    session.Db.GatewayContacts.Add(make());
                    await session.Db.SaveChangesAsync();
                });
                return;
            }
            catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e) && again < 3)
            {
                // made between our look and our insert
            }
        }
    }
}
