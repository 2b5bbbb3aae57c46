namespace Dispatch.Web.Resources;

/// <summary>What a driver reads behind the link of an offer.</summary>
public sealed class Offer;

/// <summary>The booking desk, the time line and the board of matchings.</summary>
public sealed class Bookings;

public sealed class Drivers;

/// <summary>The page on which the texts that matching sends are changed.</summary>
public sealed class Templates;

/// <summary>Figures and reports about matching.</summary>
public sealed class Figures;
