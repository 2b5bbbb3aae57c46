using System.Collections.Frozen;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Outreach;

/// <param name="IsShipped">Nobody has written a text of this kind and language.</param>
public sealed record OutreachTemplateView(string Kind, string Language, int Variant, string Text, bool IsShipped);

/// <summary>The texts of outreach: variants per kind and language. Another node's change is seen after ten seconds.</summary>
public sealed class OutreachTemplates(Database database, TimeProvider clock)
{
    public const int MaxVariants = 20;
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);
    private volatile Snapshot? _snapshot;

    /// <summary>The text that this prospect gets, always the same; of another language when there is none of his. Null: there is none at all.</summary>
    public async ValueTask<string?> FindAsync(string kind, string language, long prospectId, CancellationToken cancel = default)
    {
        var own = (await LoadAsync(cancel)).Own;
        foreach (var spoken in OutreachTexts.Languages.OrderBy(l => l == language ? 0 : 1))
        {
            if (own.TryGetValue((kind, spoken), out var variants)) return variants[(int)(prospectId % variants.Length)];
            if (OutreachTexts.Of(kind, spoken) is { } shipped) return shipped;
        }
        return null;
    }

    public async Task<IReadOnlyList<OutreachTemplateView>> ListAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var own = await db.OutreachTemplates.OrderBy(t => t.Kind).ThenBy(t => t.Language).ThenBy(t => t.Variant).ToListAsync(cancel);
        var has = own.Select(t => (t.Kind, t.Language)).ToHashSet();
        return
        [
            .. own.Select(t => new OutreachTemplateView(t.Kind, t.Language, t.Variant, t.Text, false)),
            .. from kind in OutreachTexts.Kinds
               from language in OutreachTexts.Languages
               where !has.Contains((kind, language)) && OutreachTexts.Of(kind, language) is not null
               select new OutreachTemplateView(kind, language, 1, OutreachTexts.Of(kind, language)!, true),
        ];
    }

    /// <summary>What is wrong with a text; empty: nothing.</summary>
    public static IReadOnlyList<FieldError> Check(string kind, string language, int variant, string? text)
    {
        var errors = new List<FieldError>();
        if (ActionKinds.TypeOf(kind) is null) errors.Add(new("kind", "Unknown", $"Allowed: {ActionKinds.Allowed}."));
        if (!OutreachTexts.Languages.Contains(language, StringComparer.Ordinal)) errors.Add(new("language", "Unknown", "Allowed: fr, en."));
        if (variant is < 1 or > MaxVariants) errors.Add(new("variant", "OutOfRange", $"1 to {MaxVariants}."));
        if (text is null) return errors;
        var most = kind == ActionKinds.Invitation ? Actions.MaxNote : OutreachConfiguration.ContentLength;
        if (string.IsNullOrWhiteSpace(text) || text.Length > most) errors.Add(new("text", "BadLength", $"1 to {most} characters."));
        foreach (var name in Placeholders.Unknown(text, MessageComposer.Known))
            errors.Add(new("text", "UnknownPlaceholder", $"{{{name}}} is not known here; allowed: {MessageComposer.Allowed}."));
        return errors;
    }

    /// <summary>Saves a variant; a null text removes it. Empty: saved; otherwise what is wrong.</summary>
    public async Task<IReadOnlyList<FieldError>> SetAsync(string kind, string language, int variant, string? text, long? actorId, CancellationToken cancel = default)
    {
        if (Check(kind, language, variant, text) is { Count: > 0 } errors) return errors;
        var now = clock.GetUtcNow().UtcDateTime;
        await database.WriteAsync(async session =>
        {
            var gone = await session.Db.OutreachTemplates.Where(t => t.Kind == kind && t.Language == language && t.Variant == variant).ExecuteDeleteAsync();
            // What it is now stands on its page.
            if (text is not null || gone > 0)
            {
                await AuditLog.AddAsync(session, new AuditEntry
                {
                    At = now, ActorId = actorId, Kind = AuditKind.OutreachTextChanged, Subject = AuditSubject.OutreachText,
                    Name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{kind} ({language}) {variant}"), After = text is null ? "removed" : null,
                });
            }
            if (text is null) return;
            session.Db.OutreachTemplates.Add(new OutreachTemplate { Kind = kind, Language = language, Variant = variant, Text = OutsideText.Mend(text), ChangedAt = now, ChangedBy = actorId });
            try
            {
                await session.Db.SaveChangesAsync();
            }
            catch (DbUpdateException e) when (DatabaseErrors.IsDuplicateKey(e))
            {
                throw new StaleReadException("template");
            }
        }, cancel);
        _snapshot = null;
        return [];
    }

    private async ValueTask<Snapshot> LoadAsync(CancellationToken cancel)
    {
        if (_snapshot is { } known && clock.GetElapsedTime(known.ReadAt) < KeptFor) return known;
        var readAt = clock.GetTimestamp();
        await using var db = database.Read();
        var rows = await db.OutreachTemplates.OrderBy(t => t.Variant).Select(t => new { t.Kind, t.Language, t.Text }).ToListAsync(cancel);
        return _snapshot = new Snapshot(rows.GroupBy(r => (r.Kind, r.Language)).ToFrozenDictionary(g => g.Key, g => g.Select(r => r.Text).ToArray()), readAt);
    }

    private sealed record Snapshot(FrozenDictionary<(string Kind, string Language), string[]> Own, long ReadAt);
}
