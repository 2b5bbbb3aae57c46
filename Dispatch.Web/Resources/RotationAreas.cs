namespace Dispatch.Web.Resources;

/// <summary>Who answers whom now, requests for that, and conflicts over it.</summary>
public sealed class Locks;

/// <summary>Profiles that change hands, why, and the boards and reports about it.</summary>
public sealed class Rotation;

/// <summary>Thresholds.</summary>
public sealed class Settings;
