namespace Dispatch.Web.Matching;

/// <param name="MaxDistance">Kilometres; null: no limit.</param>
public sealed record WidenChoice(double? MaxDistance);

/// <param name="PickupTime">UTC.</param>
/// <param name="StartAt">UTC: when the search begins by itself; null: when somebody starts it.</param>
public sealed record RescheduleChoice(DateTime PickupTime, DateTime? StartAt);
