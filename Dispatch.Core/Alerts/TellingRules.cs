namespace Dispatch.Core.Alerts;

/// <summary>What is to be done about one piece of news.</summary>
public enum Telling
{
    /// <summary>Later, perhaps.</summary>
    Wait,
    /// <summary>Tell the webhook and the phones.</summary>
    Everybody,
    /// <summary>Tell the webhook; no phone has to ring for it.</summary>
    Webhook,
    /// <summary>Nobody is told, and it is settled.</summary>
    Nobody,
}

/// <summary>Times of the day in which only what is urgent rings; the end may be the next morning.</summary>
public sealed record QuietHours(TimeSpan From, TimeSpan Until)
{
    public bool Holds(TimeSpan timeOfDay) => From <= Until ? timeOfDay >= From && timeOfDay < Until : timeOfDay >= From || timeOfDay < Until;
}

/// <summary>Who is told what of an alert, and when. Pure.</summary>
/// <param name="Flaps">It came so often that its coming and going says nothing.</param>
public sealed record TellingFacts(Alert Alert, bool Flaps, QuietHours? Quiet, TimeSpan TimeOfDay, TimeSpan EscalateAfter);

public static class TellingRules
{
    /// <summary>Begins so often within this time, and it flaps.</summary>
    public static TimeSpan FlapWindow { get; } = TimeSpan.FromHours(1);

    /// <summary>These say so themselves to the admins' phones, with more than a sentence.</summary>
    private static bool SpeaksForItself(AlertKind kind) => kind is AlertKind.BookingTimeout or AlertKind.LowDriverAvailability or AlertKind.MatchingFailure or AlertKind.DatabaseError
        or AlertKind.NotificationFailure or AlertKind.DailyReport or AlertKind.Report;

    public static bool Flaps(int beginnings, AlertSettings limits) => beginnings >= limits.Flapping;

    /// <summary>A new alert.</summary>
    public static Telling OnRaised(TellingFacts facts)
    {
        var alert = facts.Alert;
        if (alert.ToldAt is not null) return Telling.Nobody;
        // Over, or in somebody's hands, before anybody was told.
        if (alert.ResolvedAt is not null || alert.AcknowledgedAt is not null || facts.Flaps) return Telling.Nobody;
        if (SpeaksForItself(alert.Kind)) return Telling.Webhook;
        return alert.Severity switch
        {
            AlertSeverity.Critical => Telling.Everybody,
            AlertSeverity.Warning => facts.Quiet?.Holds(facts.TimeOfDay) == true ? Telling.Wait : Telling.Everybody,
            AlertSeverity.Info => Telling.Webhook,
        };
    }

    /// <summary>Nobody looks after it. Also while it flaps: that is a reason to look.</summary>
    public static Telling OnUnattended(TellingFacts facts, DateTime now)
    {
        var alert = facts.Alert;
        if (alert.EscalatedAt is not null || alert.ResolvedAt is not null || alert.AcknowledgedAt is not null || alert.Severity == AlertSeverity.Info) return Telling.Nobody;
        if (alert.ToldAt is not { } told || now - told < facts.EscalateAfter) return Telling.Wait;
        return alert.Severity == AlertSeverity.Warning && facts.Quiet?.Holds(facts.TimeOfDay) == true ? Telling.Wait : Telling.Everybody;
    }

    /// <summary>It is over: whoever was told learns it; a phone does not ring for good news.</summary>
    public static Telling OnClosed(TellingFacts facts)
    {
        var alert = facts.Alert;
        if (alert.ResolvedAt is null) return Telling.Wait;
        return alert.ClosedToldAt is not null || alert.ToldAt is null || (facts.Flaps && alert.EscalatedAt is null) ? Telling.Nobody : Telling.Webhook;
    }
}
