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
        return _last = new AlertSettings(SettingCatalog.Values(AlertSettings.Definitions, await db.Settings.Where(s => s.Key.StartsWith("alerts.")).ToListAsync(cancel)));
    }
}
