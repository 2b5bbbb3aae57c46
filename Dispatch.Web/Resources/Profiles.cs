namespace Dispatch.Web.Resources;

/// <summary>Words of the page for channels and profiles: <c>Profiles.resx</c>.</summary>
public sealed class Profiles;
