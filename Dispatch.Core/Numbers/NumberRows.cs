namespace Dispatch.Core.Numbers;

public enum NumberSort { Id, Client, StateSince, LastEventAt }

/// <summary>Filter of the list of numbers; null or empty: any.</summary>
/// <param name="Text">Part of the client's name or of the phone number, or the number's id.</param>
/// <param name="Live">True: on its way or connected; false: at an end or not begun.</param>
public sealed record NumberSearch(
    string? Text = null, NumberState? State = null, bool? Live = null, string? WorkerId = null, long? ClientId = null, NumberSort Sort = NumberSort.Id, bool Descending = true,
    int Skip = 0, int Take = 50);

/// <summary>A number as a line of a list. Times are UTC. Never a code.</summary>
/// <param name="Phone">Digits; <see cref="Matching.PhoneNumbers.Show"/> and <see cref="Matching.PhoneNumbers.Mask"/> make them readable.</param>
public sealed record NumberRow(
    long Id, long ClientId, string ClientName, string Phone, NumberState State, DateTime StateSince, NumberReason Reason, int? Code, long Generation, string? SessionId,
    string? WorkerId, string? NextWorkerId, NumberHealth Health, DateTime? HealthAt, int QrNumber, DateTime? QrExpiresAt, int Attempts, DateTime? DueAt, DateTime? PhoneSeenAt,
    long? ChannelId, NumberTrigger? LastEvent, DateTime? LastEventAt, DateTime CreatedAt, long Version)
{
    /// <summary>Resource key of the sentence that says why; null: the state says it all.</summary>
    public string? Why => NumberSentences.Why(Reason, Code);

    /// <summary>The one next button.</summary>
    public NumberButton Next => NumberSentences.Next(State, Reason);
}

public sealed record NumberPage(IReadOnlyList<NumberRow> Items, int Total);

/// <summary>A line of the time line. <paramref name="Verdict"/> other than Applied: recorded and ignored.</summary>
public sealed record NumberEventRow(
    long Id, DateTime At, NumberTrigger Kind, NumberVerdict Verdict, NumberSource Source, long? ActorId, string? Actor, string? WorkerId, long? Generation, NumberState FromState,
    NumberState ToState, NumberReason Reason, int? Code, int? QrNumber, int Count, DateTime LastAt);

/// <param name="Events">The newest on top.</param>
/// <param name="ProfileId">Whom it speaks as, once it was connected.</param>
/// <param name="PairingCodes">Its worker gives pairing codes.</param>
public sealed record NumberDetails(NumberRow Number, ClientRow Client, IReadOnlyList<NumberEventRow> Events, string? ChannelKey, long? ProfileId, bool PairingCodes);

/// <param name="Text">Part of the name.</param>
public sealed record ClientSearch(ClientStatus? Status = null, string? Text = null, int Skip = 0, int Take = 50);

/// <summary>A client with the first of its numbers.</summary>
public sealed record ClientRow(
    long Id, string Name, ClientStatus Status, string? Reason, DateTime CreatedAt, DateTime? DecidedAt, long? DecidedBy, string? DecidedByName, long NumberId, string Phone,
    NumberState State);

public sealed record ClientPage(IReadOnlyList<ClientRow> Items, int Total);

/// <summary>How many numbers are in each state.</summary>
public sealed record NumberCount(NumberState State, int Count);
