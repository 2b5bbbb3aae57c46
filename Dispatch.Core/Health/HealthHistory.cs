using Dispatch.Core.Data;
using Dispatch.Core.Nodes;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Health;

/// <summary>How a process was in a stretch of time: the worst of it.</summary>
/// <param name="Status">Null: nothing is known of it.</param>
public sealed record HealthCell(DateTime From, NodeHealth? Status, string Problems);

/// <summary>One process over the time that was asked for.</summary>
/// <param name="Presence">Of the registry; null: it was never in it.</param>
/// <param name="Status">At its last check.</param>
/// <param name="Ready">Share of its checks that were ready, 0 to 1.</param>
public sealed record NodeHistory(string Node, NodeState? Presence, NodeHealth Status, DateTime At, string Problems, int? DatabaseMs, double Ready, IReadOnlyList<HealthCell> Cells);

/// <summary>A change of how a process is.</summary>
public sealed record HealthChange(string Node, DateTime At, NodeHealth Status, string Problems);

public sealed record HealthView(IReadOnlyList<NodeHistory> Nodes, IReadOnlyList<HealthChange> Changes);

/// <summary>Reads the history that <see cref="NodeRecorder"/> writes.</summary>
public sealed class HealthHistory(Database database, TimeProvider clock)
{
    public const int Cells = 96, MostChanges = 50;
    private const int MostRows = 30_000;

    /// <summary>The last <paramref name="span"/> in <see cref="Cells"/> cells, the newest last.</summary>
    public async Task<HealthView> ReadAsync(TimeSpan span, CancellationToken cancel = default)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var from = now - span;
        await using var db = database.Read();
        var rows = await db.HealthChecks.Where(h => h.At >= from).OrderByDescending(h => h.At).Take(MostRows).ToListAsync(cancel);
        var present = await db.Nodes.ToDictionaryAsync(n => n.Name, n => n.State, StringComparer.Ordinal, cancel);
        var nodes = rows.GroupBy(r => r.Node, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => Of(g.Key, [.. g.OrderBy(r => r.At)], from, span) with { Presence = present.TryGetValue(g.Key, out var state) ? state : null }).ToList();
        return new HealthView(nodes, Changes(rows));
    }

    /// <summary>Pure: rows in their order to cells.</summary>
    internal static NodeHistory Of(string node, IReadOnlyList<HealthCheckRow> rows, DateTime from, TimeSpan span)
    {
        var width = span / Cells;
        var cells = new HealthCell[Cells];
        for (var i = 0; i < Cells; i++) cells[i] = new HealthCell(from + (width * i), null, "");
        foreach (var row in rows)
        {
            var i = Math.Clamp((int)((row.At - from) / width), 0, Cells - 1);
            if (cells[i].Status is not { } known || Worse(row.Status, known)) cells[i] = cells[i] with { Status = row.Status, Problems = row.Problems };
        }
        var last = rows[^1];
        return new NodeHistory(node, null, last.Status, last.At, last.Problems, last.DatabaseMs, (double)rows.Count(r => r.Status != NodeHealth.NotReady) / rows.Count, cells);
    }

    /// <summary>Pure: where a process became other than it was, the newest first.</summary>
    internal static IReadOnlyList<HealthChange> Changes(IReadOnlyList<HealthCheckRow> rows) =>
    [
        .. rows.GroupBy(r => r.Node, StringComparer.Ordinal).SelectMany(g =>
            {
                var ordered = g.OrderBy(r => r.At).ToList();
                return ordered.Where((r, i) => i > 0 && (r.Status, r.Problems) != (ordered[i - 1].Status, ordered[i - 1].Problems));
            })
            .OrderByDescending(r => r.At).Take(MostChanges).Select(r => new HealthChange(r.Node, r.At, r.Status, r.Problems)),
    ];

    private static bool Worse(NodeHealth one, NodeHealth other) => Rank(one) > Rank(other);

    private static int Rank(NodeHealth status) => status switch { NodeHealth.Healthy => 1, NodeHealth.Degraded => 2, NodeHealth.NotReady => 3 };
}
