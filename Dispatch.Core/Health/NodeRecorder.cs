using System.Globalization;
using Dispatch.Core.Alerts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Health;

/// <summary>
/// Brings what a process knows of itself into the database: alerts, and a row of history each minute. What cannot be written is kept in memory and written when it can be, with the times at
/// which it was; meanwhile the webhook is told directly, because the outbox is where the trouble is.
/// </summary>
public sealed partial class NodeRecorder(
    Database database, AlertStore alerts, AlertTelling telling, AlertPost post, IOptions<AlertOptions> options, IOptions<NodeOptions> node, ILogger<NodeRecorder> logger)
{
    /// <summary>Four hours of a database that is away.</summary>
    private const int MaxRows = 240;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), RepeatAfter = TimeSpan.FromMinutes(1);

    private readonly List<HealthCheckRow> _rows = [];
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal);
    private bool _first = true;
    private Task _writing = Task.CompletedTask;
    private DateTime _writtenAt, _trimmedAt;

    /// <param name="answered">The database took the last question; without it nothing is tried.</param>
    public async Task RecordAsync(IReadOnlyList<NodeProblem> problems, HealthCheckRow? row, bool answered, DateTime now, CancellationToken cancel = default)
    {
        if (row is not null) _rows.Add(row);
        if (_rows.Count > MaxRows) _rows.RemoveAt(0);
        Merge(problems, now);
        if (answered && _writing.IsCompleted) await WriteAsync(now, cancel);
        foreach (var known in _known.Values.Where(k => k is { Stored: false, Told: false, EndedAt: null })) await PostAsync(known, now, cancel);
    }

    private void Merge(IReadOnlyList<NodeProblem> problems, DateTime now)
    {
        foreach (var problem in problems)
        {
            if (_known.TryGetValue(problem.Key, out var known) && known.EndedAt is null) known.Problem = problem;
            else if (known is null) _known[problem.Key] = new Known { Problem = problem };
            // It ended and came back before anybody could write that down: one problem that lasts.
            else (known.Problem, known.EndedAt) = (problem, null);
        }
        foreach (var known in _known.Values.Where(k => k.EndedAt is null && !problems.Any(p => p.Key == k.Problem.Key))) known.EndedAt = now;
    }

    private async Task WriteAsync(DateTime now, CancellationToken cancel)
    {
        var news = _known.Values.Where(k => !k.Stored || k.EndedAt is not null).ToList();
        // What lasts is seen again each minute, and so is the history; between, nothing is written.
        if (!_first && news.Count == 0 && _rows.Count == 0 && now - _writtenAt < RepeatAfter) return;
        var all = _known.Values.ToList();
        var rows = _rows.ToList();
        var writing = database.WriteAsync(session => StoreAsync(session, all, rows, now), cancel);
        _writing = writing;
        DatabaseProbe.Observe(writing);
        try
        {
            // The history must not hold up the next look.
            await writing.WaitAsync(Patience, TimeProvider.System, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogNotRecorded(e);
            return;
        }
        (_first, _writtenAt) = (false, now);
        _rows.RemoveRange(0, Math.Min(rows.Count, _rows.Count));
        foreach (var known in all)
        {
            known.Stored = true;
            if (known.EndedAt is not null) _known.Remove(known.Problem.Key);
        }
        if (now - _trimmedAt >= TimeSpan.FromHours(1)) await TrimAsync(now, cancel);
    }

    private async Task StoreAsync(WriteSession session, List<Known> all, List<HealthCheckRow> rows, DateTime now)
    {
        // A row that was added in an attempt that failed brings the id of that attempt.
        session.Db.HealthChecks.AddRange(rows.Select(r => new HealthCheckRow { Node = r.Node, At = r.At, Status = r.Status, Problems = r.Problems, DatabaseMs = r.DatabaseMs }));
        await session.Db.SaveChangesAsync();
        session.Db.ChangeTracker.Clear();
        foreach (var (known, problem) in all.Where(k => !k.Stored).Select(k => (k, k.Problem)))
        {
            await alerts.RaiseAsync(session, problem.Kind, problem.Severity, problem.Key, now, problem.ResourceId, problem.Subject, problem.Details, problem.Since);
            session.Db.ChangeTracker.Clear();
            if (known.Told) await session.Db.Alerts.Where(a => a.DedupeKey == problem.Key && a.ResolvedAt == null && a.ToldAt == null).ExecuteUpdateAsync(set => set.SetProperty(a => a.ToldAt, now));
        }
        var lasting = all.Where(k => k.EndedAt is null).Select(k => k.Problem.Key).ToList();
        if (lasting.Count > 0) await session.Db.Alerts.Where(a => a.ResolvedAt == null && lasting.Contains(a.DedupeKey)).ExecuteUpdateAsync(set => set.SetProperty(a => a.LastSeenAt, now));
        foreach (var key in all.Where(k => k.EndedAt is not null).Select(k => k.Problem.Key)) await alerts.ResolveAsync(session, key, now);
        if (_first) await ForgetPredecessorAsync(session, lasting, now);
    }

    /// <summary>What this node's previous process raised and could not end: it ended with it.</summary>
    private async Task ForgetPredecessorAsync(WriteSession session, List<string> lasting, DateTime now)
    {
        var name = node.Value.Name;
        var kinds = NodeRules.Kinds;
        var open = await session.Db.Alerts.Where(a => a.ResolvedAt == null && kinds.Contains(a.Kind)).Select(a => a.DedupeKey).ToListAsync();
        foreach (var key in open.Where(k => !lasting.Contains(k) && (k.Split(':') is [_, var of, ..] ? of == name : true))) await alerts.ResolveAsync(session, key, now);
    }

    private async Task PostAsync(Known known, DateTime now, CancellationToken cancel)
    {
        if (!post.IsOn || now < known.PostAt) return;
        var delivery = string.Create(CultureInfo.InvariantCulture, $"{known.Problem.Key}:{known.Problem.Since.Ticks}");
        var problem = await post.SendAsync(delivery, telling.Body(known.Problem.AsAlert(), AlertNews.Raised, "en", now), cancel);
        AlertMetrics.OnPosted(problem is null ? "sent" : "failed");
        if (problem is null) known.Told = true;
        else known.PostAt = now + TimeSpan.FromSeconds(15);
    }

    private async Task TrimAsync(DateTime now, CancellationToken cancel)
    {
        var before = now - options.Value.HealthKept;
        await database.WriteAsync(session => session.Db.HealthChecks.Where(h => h.At < before).OrderBy(h => h.At).Take(5000).ExecuteDeleteAsync(), cancel);
        _trimmedAt = now;
    }

    private sealed class Known
    {
        public required NodeProblem Problem { get; set; }
        public DateTime? EndedAt { get; set; }

        /// <summary>Its alert is in the database.</summary>
        public bool Stored { get; set; }

        /// <summary>The webhook took it, without the database.</summary>
        public bool Told { get; set; }
        public DateTime PostAt { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How this process is could not be recorded; it is kept for later")]
    private partial void LogNotRecorded(Exception exception);
}
