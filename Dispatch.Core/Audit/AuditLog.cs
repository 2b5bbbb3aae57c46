using Dispatch.Core.Data;
using Dispatch.Core.Gateways;

namespace Dispatch.Core.Audit;

/// <summary>Writes the trail of changes, in the transaction of the change: undone with it.</summary>
public static class AuditLog
{
    private const string Add =
        "INSERT INTO audit_entries (at, actor_id, kind, subject, subject_id, name, before, after, hash) VALUES (@at, @actor, @kind, @subject, @id, @name, @before, @after, @hash)";

    internal static IEnumerable<string> Statements => [Add];

    public static Task AddAsync(WriteSession session, AuditEntry entry) => session.ExecuteAsync(
        Add, ("at", entry.At), ("actor", entry.ActorId), ("kind", entry.Kind), ("subject", entry.Subject), ("id", entry.SubjectId),
        ("name", OutsideText.Cut(OutsideText.Mend(entry.Name), AuditConfiguration.NameLength)), ("before", Fit(entry.Before)), ("after", Fit(entry.After)), ("hash", entry.Hash));

    /// <summary>What differs, as <c>zone Plateau, plate DK-1</c> before and after; both null: nothing does.</summary>
    /// <param name="fields">Name of the field, its value before and after; null values: only that it changed is said.</param>
    public static (string? Before, string? After) Difference(IEnumerable<(string Field, string? Before, string? After, bool Differs)> fields)
    {
        var changed = fields.Where(f => f.Differs).ToList();
        return changed.Count == 0 ? (null, null) : (string.Join(", ", changed.Select(f => $"{f.Field} {f.Before ?? "…"}")), string.Join(", ", changed.Select(f => $"{f.Field} {f.After ?? "…"}")));
    }

    private static string? Fit(string? value) => value is null ? null : OutsideText.Cut(OutsideText.Mend(value), AuditConfiguration.ValueLength);
}
