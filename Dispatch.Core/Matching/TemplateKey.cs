namespace Dispatch.Core.Matching;

/// <summary>Every text that matching sends. The first word says to whom.</summary>
public enum TemplateKey
{
    ClientSearchStarted, ClientSearchProgress, ClientDriverFound, ClientSearchFailed, ClientCancelled, ClientDriverBackedOut, ClientAskLaterTime, ClientAskNewTime,
    ClientScheduled, ClientTimeChanged, ClientNotUnderstood, ClientHandedOver,
    DriverOffer, DriverAssigned, DriverAssignedByHand, DriverRejected, DriverAlreadyTaken, DriverTaken, DriverBookingCancelled, DriverOfferExpired, DriverBusy, DriverPaused,
    DriverResumed, DriverRideCancelled, DriverBackedOut,
    AdminBookingTimeout, AdminLowAvailability, AdminSystemError, AdminDailyReport,
}
