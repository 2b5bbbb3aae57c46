using Dispatch.Core.Matching;

namespace Dispatch.Web.Matching;

/// <summary>The order of the cards on the board of matchings. Pure.</summary>
public static class BoardOrder
{
    /// <param name="shown">The ids in view, in their order.</param>
    /// <param name="hold">Somebody points at the cards: they stay where they are, and new ones come behind them.</param>
    public static IReadOnlyList<OpenMatching> Apply(IReadOnlyList<OpenMatching> rows, IReadOnlyList<long> shown, bool byAnswer, bool hold)
    {
        var sorted = byAnswer
            ? rows.OrderByDescending(r => r.Newest?.At ?? DateTime.MinValue).ThenBy(r => r.Deadline).ThenBy(r => r.Id)
            : rows.OrderBy(r => r.Deadline).ThenBy(r => r.Id);
        if (!hold) return [.. sorted];
        var places = shown.Select((id, place) => (id, place)).ToDictionary(p => p.id, p => p.place);
        // A stable sort: the new ones keep their own order behind the held ones.
        return [.. sorted.OrderBy(r => places.GetValueOrDefault(r.Id, int.MaxValue))];
    }
}
