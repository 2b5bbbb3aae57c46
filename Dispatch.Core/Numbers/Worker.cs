using Dispatch.Core.Broker;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Numbers;

/// <summary>A process that holds WhatsApp sessions.</summary>
public sealed class Worker
{
    /// <summary>1 to 64 letters, digits, dashes and underscores: a word of a routing key. The seed's are "1", "2".</summary>
    public required string Id { get; set; }
    public WorkerMode Mode { get; set; }

    /// <summary>Numbers it may hold.</summary>
    public int Capacity { get; set; }

    /// <summary>Numbers it holds now: those in a live state with it as worker. Never above <see cref="Capacity"/> by placing.</summary>
    public int Held { get; set; }
    public WorkerState State { get; set; }
    public DateTime StateSince { get; set; }

    /// <summary>Its last sign of life; null: none ever. A legacy worker's is its last answer.</summary>
    public DateTime? HeartbeatAt { get; set; }

    /// <summary>It may have sockets open until then, even when it cannot be reached.</summary>
    public DateTime? LeaseUntil { get; set; }

    /// <summary>As it says of itself, for people.</summary>
    public string? Software { get; set; }

    /// <summary>It can give pairing codes.</summary>
    public bool PairingCodes { get; set; }

    /// <summary>A legacy worker's own virtual host; null: that of <c>Broker:Uri</c>.</summary>
    public string? VirtualHost { get; set; }

    /// <summary>The same for a unique index: one legacy worker per virtual host, empty for that of <c>Broker:Uri</c>. Null: not a legacy worker.</summary>
    public string? LegacyHost { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>A text message given to a worker: row first, command after, result into the row; so a result finds its message whoever waits for it.</summary>
public sealed class WorkerSend
{
    public long Id { get; set; }
    public long NumberId { get; set; }

    /// <summary>As on the wire; unique. A worker acts once on it.</summary>
    public required string SendKey { get; set; }

    /// <summary>Of the command in the outbox.</summary>
    public required string CommandId { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? FinishedAt { get; set; }
    public string? ProviderId { get; set; }
    public SendFailure? Failure { get; set; }
}

/// <summary>What contacts wrote to a number, between the inbox that stored it and the conversations that take it; gone as soon as they have it.</summary>
public sealed class WorkerInbound
{
    public long Id { get; set; }
    public long NumberId { get; set; }

    /// <summary>A list of <see cref="InboundMessage"/> and <see cref="InboundStatus"/> as JSON.</summary>
    public required string Batch { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>WhatsApp's two names of one person, so that he stays one contact whichever a message brings (facts 4, complaint 11).</summary>
public sealed class LidPhone
{
    public required string Lid { get; set; }
    public required string Phone { get; set; }
    public DateTime SeenAt { get; set; }
}
