using Dispatch.Core.Data;
using Dispatch.Core.Settings;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Alerts;

/// <summary>Reads <see cref="AlertSettings"/>; keeps the last ones for the time in which the database cannot say.</summary>
public sealed class AlertThresholds(Database database)
{
    private volatile AlertSettings _last = AlertSettings.Standard;

    /// <summary>As they were read last; the standards before that.</summary>
    public AlertSettings Last => _last;

    public async Task<AlertSettings> ReadAsync(CancellationToken cancel = default)
    {
        await using var db = database.Read();
        var rows = await db.Settings.Where(s => s.Key.StartsWith("alerts.")).ToListAsync(cancel);
        // A row out of range (an older version allowed it, or somebody edited the table) counts as not there.
        return _last = new AlertSettings(rows.Where(r => AlertSettings.Definitions.Any(d => d.Key == r.Key && r.Value >= d.Min && r.Value <= d.Max))
            .ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal));
    }
}
