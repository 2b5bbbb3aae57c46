namespace Dispatch.Core.Outreach;

/// <summary>
/// The key of an action that retention deleted: what was sent once is never sent again under its key, however long ago (invariant 5). A key stands in one of the two tables, and goes from
/// the actions to here in one transaction.
/// </summary>
public sealed class OutreachEffect
{
    public required string EffectKey { get; set; }

    /// <summary>The action that had it.</summary>
    public long ActionId { get; set; }

    /// <summary>How that one ended.</summary>
    public ActionStatus Status { get; set; }
}
