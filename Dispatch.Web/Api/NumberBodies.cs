using Dispatch.Core.Broker;
using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;

namespace Dispatch.Web.Api;

public sealed record CreateClient
{
    public string? Name { get; init; }

    /// <summary>E.164, such as +221771234567; spaces, dashes and a leading 00 are fine.</summary>
    public string? PhoneNumber { get; init; }
}

public sealed record RejectClient
{
    /// <summary>1 to 500 characters.</summary>
    public string? Reason { get; init; }
}

public sealed record RestartNumber
{
    /// <summary>The generation that was looked at; another one now: nothing happens. Left out: whatever it is.</summary>
    public long? Generation { get; init; }
}

public sealed record MoveNumber
{
    /// <summary>Left out: the worker with the most room.</summary>
    public string? WorkerId { get; init; }
}

public sealed record CreateWorker
{
    /// <summary>1 to 64 letters, digits, - and _.</summary>
    public string? Id { get; init; }

    /// <summary>Routed (standard): a queue of its own. Legacy: the shared queue whatsapp.session.update.</summary>
    public WorkerMode Mode { get; init; } = WorkerMode.Routed;

    /// <summary>Numbers it may hold, 1 to 10,000.</summary>
    public int Capacity { get; init; } = 50;

    /// <summary>Of a second and further legacy worker.</summary>
    public string? VirtualHost { get; init; }
}

public sealed record ClientCreated(long ClientId, long NumberId);

/// <summary>Seed 002, step 1.</summary>
public sealed record ClientValidated(string? SessionId, long NumberId, string? WorkerId, NumberState Status, long Generation);

public sealed record NumberChanged(long NumberId, NumberState Status, long Generation, string? SessionId, string? WorkerId);

public sealed record ClientAnswer(
    long Id, string Name, ClientStatus Status, string? Reason, DateTime CreatedAt, DateTime? DecidedAt, long NumberId, string PhoneNumber, NumberState NumberStatus)
{
    public static ClientAnswer Of(ClientRow row) =>
        new(row.Id, row.Name, row.Status, row.Reason, row.CreatedAt, row.DecidedAt, row.NumberId, PhoneNumbers.Show(row.Phone), row.State);
}

/// <summary>A number. No answer of the API has its code.</summary>
/// <param name="QrNumber">Which code of six can be scanned now; 0: none.</param>
public sealed record NumberAnswer(
    long Id, long ClientId, string ClientName, string PhoneNumber, NumberState Status, DateTime Since, NumberReason Reason, int? Code, NumberHealth Health, DateTime? HealthAt,
    long Generation, string? SessionId, string? WorkerId, string? NextWorkerId, int QrNumber, DateTime? PhoneSeenAt, NumberTrigger? LastEvent, DateTime? LastEventAt)
{
    public static NumberAnswer Of(NumberRow n) => new(
        n.Id, n.ClientId, n.ClientName, PhoneNumbers.Show(n.Phone), n.State, n.StateSince, n.Reason, n.Code, n.Health, n.HealthAt, n.Generation, n.SessionId, n.WorkerId, n.NextWorkerId,
        n.QrNumber, n.PhoneSeenAt, n.LastEvent, n.LastEventAt);
}

/// <param name="Events">The newest on top. A verdict other than Applied: recorded and ignored.</param>
/// <param name="Channel">The key of its channel, once it was connected.</param>
public sealed record NumberDetailsAnswer(NumberAnswer Number, string? Channel, IReadOnlyList<NumberEventRow> Events);
