using System.Text.Json;
using System.Text.Json.Serialization;
using Dispatch.Core.Audit;
using Dispatch.Core.Data;
using Dispatch.Core.Live;
using Dispatch.Core.Matching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Outreach;

/// <summary>A sequence as a person set it up. A row a change: the newest holds, the older ones say who had changed what.</summary>
public sealed class OutreachSequence
{
    public long Id { get; set; }

    /// <summary>A, B or C.</summary>
    public char Letter { get; set; }

    /// <summary>From 1; unique per letter, so that of two who change the same one only the first does.</summary>
    public int Version { get; set; }

    /// <summary>JSON of the steps.</summary>
    public required string Steps { get; set; }
    public DateTime ChangedAt { get; set; }

    /// <summary>Null: the API.</summary>
    public long? ChangedBy { get; set; }
}

public enum SequenceResult
{
    Done, BadInput,
    /// <summary>Somebody else changed it since it was read.</summary>
    ChangedMeanwhile,
}

public sealed record SequenceOutcome(SequenceResult Result, int Version, IReadOnlyList<FieldError> Errors);

/// <summary>The steps that hold now.</summary>
/// <param name="Version">0: nobody changed it; the settings or the shipped steps hold.</param>
public sealed record SequencePlan(char Letter, int Version, IReadOnlyList<FollowupStep> Steps, DateTime? ChangedAt, string? ChangedBy);

/// <summary>
/// The sequences that people set up, over those of the settings. What is planned from a change on follows it, what stands in the queue stays as it was planned. Another node's change is
/// seen after ten seconds.
/// </summary>
public sealed class SequencePlans(Database database, OutreachTemplates templates, IOptions<OutreachOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private volatile Snapshot _snapshot = new(new Dictionary<char, IReadOnlyList<FollowupStep>>(), null);

    /// <summary>As far as this process knows, without asking: for names of kinds.</summary>
    public OutreachOptions Known => options.Value.With(_snapshot.Stored);

    /// <summary>The settings with the sequences that hold now.</summary>
    public async ValueTask<OutreachOptions> CurrentAsync(CancellationToken cancel = default)
    {
        if (_snapshot.ReadAt is { } at && clock.GetElapsedTime(at) < KeptFor) return Known;
        var readAt = clock.GetTimestamp();
        await using var db = database.Read();
        var rows = await Newest(db).Select(s => new { s.Letter, s.Steps }).ToListAsync(cancel);
        var stored = rows.ToDictionary(r => r.Letter, r => Read(r.Steps));
        _snapshot = new Snapshot(stored, readAt);
        return options.Value.With(stored);
    }

    public async Task<IReadOnlyList<SequencePlan>> ListAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await (from s in Newest(db)
                          join u in db.Users on s.ChangedBy equals u.Id into users
                          from u in users.DefaultIfEmpty()
                          select new { s.Letter, s.Version, s.Steps, s.ChangedAt, u.DisplayName }).ToListAsync(cancel);
        return [.. SequenceOptions.Letters.Select(l => rows.Find(r => r.Letter == l) is { } row
            ? new SequencePlan(l, row.Version, Read(row.Steps), row.ChangedAt, row.DisplayName) : new SequencePlan(l, 0, options.Value.Sequences.Of(l), null, null))];
    }

    /// <summary>What was changed and by whom, the newest first.</summary>
    public async Task<IReadOnlyList<SequencePlan>> HistoryAsync(char letter, int most = 20, CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await (from s in db.OutreachSequences
                          join u in db.Users on s.ChangedBy equals u.Id into users
                          from u in users.DefaultIfEmpty()
                          where s.Letter == letter
                          orderby s.Version descending
                          select new { s.Version, s.Steps, s.ChangedAt, u.DisplayName }).Take(most).ToListAsync(cancel);
        return rows.ConvertAll(r => new SequencePlan(letter, r.Version, Read(r.Steps), r.ChangedAt, r.DisplayName));
    }

    /// <param name="seen">The version that was read; another one now: <see cref="SequenceResult.ChangedMeanwhile"/>.</param>
    public async Task<SequenceOutcome> SetAsync(char letter, IReadOnlyList<FollowupStep> steps, int seen, long? actorId, CancellationToken cancel = default)
    {
        var texts = (await templates.ListAsync(cancel)).Select(t => t.Kind).ToHashSet(StringComparer.Ordinal);
        if (SequenceRules.Check(letter, steps, texts.Contains) is { Count: > 0 } errors) return new SequenceOutcome(SequenceResult.BadInput, seen, errors);
        var (now, json) = (clock.GetUtcNow().UtcDateTime, JsonSerializer.Serialize(steps, Json));
        try
        {
            var done = await database.WriteAsync(async session =>
            {
                if ((await session.Db.OutreachSequences.Where(s => s.Letter == letter).MaxAsync(s => (int?)s.Version) ?? 0) != seen) return false;
                session.Db.OutreachSequences.Add(new OutreachSequence { Letter = letter, Version = seen + 1, Steps = json, ChangedAt = now, ChangedBy = actorId });
                await session.Db.SaveChangesAsync();
                await AuditLog.AddAsync(session, new AuditEntry
                {
                    At = now, ActorId = actorId, Kind = AuditKind.SequenceChanged, Subject = AuditSubject.Sequence, Name = letter.ToString(),
                    Before = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"v{seen}"), After = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"v{seen + 1}"),
                });
                // Whom it may concern is looked at again: his next step may be another one now, or another time.
                await Concerned(session.Db.Prospects.Where(p => p.StoppedAt == null && p.ContactedAt != null), letter).ExecuteUpdateAsync(set => set.SetProperty(p => p.FollowUpAt, now));
                session.Publish(Topics.Outreach, EventNames.ProspectChanged, 0);
                return true;
            }, cancel);
            if (!done) return new SequenceOutcome(SequenceResult.ChangedMeanwhile, seen, []);
        }
        catch (Exception e) when (DatabaseErrors.IsDuplicateKey(e))
        {
            return new SequenceOutcome(SequenceResult.ChangedMeanwhile, seen, []);
        }
        finally
        {
            _snapshot = _snapshot with { ReadAt = null };
        }
        await CurrentAsync(cancel);
        return new SequenceOutcome(SequenceResult.Done, seen + 1, []);
    }

    private static IQueryable<Prospect> Concerned(IQueryable<Prospect> prospects, char letter) => letter switch
    {
        'A' => prospects.Where(p => p.LastInboundAt == null && p.Sequence != 'C'),
        'B' => prospects.Where(p => p.LastInboundAt != null && p.Sequence != 'C'),
        _ => prospects.Where(p => p.Sequence != null),
    };

    private static IQueryable<OutreachSequence> Newest(DispatchDb db) =>
        db.OutreachSequences.Where(s => !db.OutreachSequences.Any(o => o.Letter == s.Letter && o.Version > s.Version));

    private static IReadOnlyList<FollowupStep> Read(string json) => JsonSerializer.Deserialize<List<FollowupStep>>(json, Json)!;

    private sealed record Snapshot(IReadOnlyDictionary<char, IReadOnlyList<FollowupStep>> Stored, long? ReadAt);
}
