using System.Collections.Concurrent;
using System.Collections.Frozen;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Matching;

/// <summary>All texts at one moment.</summary>
public sealed class TextSet(FrozenDictionary<(TemplateKey, string), string> changed)
{
    private readonly ConcurrentDictionary<(TemplateKey, string), ParsedTemplate> _parsed = new();

    public string Fill(TemplateKey key, string language, params IReadOnlyList<(string Name, string Value)> values) =>
        _parsed.GetOrAdd((key, language), k => TemplateRules.Parse(changed.GetValueOrDefault(k) ?? TemplateTexts.Standard(k.Item1, k.Item2))).Fill(values);
}

/// <summary>A template as an admin sees it.</summary>
public sealed record TemplateView(TemplateKey Key, string Language, string Text, string Standard, bool IsChanged, IReadOnlyList<string> Placeholders);

/// <summary>The texts that matching sends: the standard ones, or what an admin made of them. Another node's change is seen after ten seconds.</summary>
public sealed class TemplateService(Database database, TimeProvider clock)
{
    public static readonly IReadOnlyList<string> Languages = ["fr", "en"];
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);
    private volatile Snapshot? _snapshot;

    public async ValueTask<TextSet> GetAsync(CancellationToken cancel = default)
    {
        if (_snapshot is { } known && clock.GetElapsedTime(known.ReadAt) < KeptFor) return known.Texts;
        var readAt = clock.GetTimestamp();
        await using var db = database.Read();
        var changed = await db.MessageTemplates.Select(t => new { t.Key, t.Language, t.Text }).ToListAsync(cancel);
        var texts = new TextSet(changed.ToFrozenDictionary(t => (t.Key, t.Language), t => t.Text));
        _snapshot = new Snapshot(texts, readAt);
        return texts;
    }

    public async Task<IReadOnlyList<TemplateView>> ListAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var changed = await db.MessageTemplates.ToDictionaryAsync(t => (t.Key, t.Language), t => t.Text, cancel);
        return [.. from key in Enum.GetValues<TemplateKey>()
                   from language in Languages
                   let standard = TemplateTexts.Standard(key, language)
                   let own = changed.GetValueOrDefault((key, language))
                   select new TemplateView(key, language, own ?? standard, standard, own is not null, TemplateTexts.Placeholders[key])];
    }

    /// <summary>Null: back to the standard text. Empty: saved; otherwise what is wrong with it.</summary>
    public async Task<IReadOnlyList<FieldError>> SetAsync(TemplateKey key, string language, string? text, long? actorId, CancellationToken cancel = default)
    {
        if (!Languages.Contains(language, StringComparer.Ordinal)) return [new FieldError("language", "Unknown", "Allowed: fr, en.")];
        if (text is not null && TemplateRules.Check(key, text) is { Count: > 0 } errors) return errors;
        var now = clock.GetUtcNow().UtcDateTime;
        await database.WriteAsync(async session =>
        {
            await session.Db.MessageTemplates.Where(t => t.Key == key && t.Language == language).ExecuteDeleteAsync();
            // The text itself is no secret, but long: what it is now stands on its page.
            await AuditLog.AddAsync(session, new AuditEntry
                { At = now, ActorId = actorId, Kind = AuditKind.TemplateChanged, Subject = AuditSubject.Template, Name = $"{key} ({language})", After = text is null ? "standard" : null });
            if (text is null) return;
            session.Db.MessageTemplates.Add(new MessageTemplate { Key = key, Language = language, Text = text, ChangedAt = now, ChangedBy = actorId });
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

    private sealed record Snapshot(TextSet Texts, long ReadAt);
}
