namespace Dispatch.Core.Conflicts;

/// <summary>Section <c>Conflicts</c>.</summary>
public sealed class ConflictOptions
{
    public const string Section = "Conflicts";

    /// <summary>A contact whom one of our profiles approached is not approached again by any within this time. 0 (never minds) to 30 days.</summary>
    public TimeSpan ApproachAgainAfter { get; set; } = TimeSpan.FromHours(24);
}
