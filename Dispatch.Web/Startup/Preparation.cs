using System.Data.Common;
using Dispatch.Core.Data;
using Dispatch.Core.People;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Web.Startup;

/// <summary>What has to be true before the first request: the schema, the roles, and somebody who can sign in.</summary>
internal static class Preparation
{
    /// <summary>False, and one line on <paramref name="errors"/>, when the database cannot be opened.</summary>
    public static async Task<bool> PrepareAsync(this WebApplication app, TextWriter output, TextWriter errors)
    {
        try
        {
            var migrator = app.Services.GetRequiredService<DatabaseMigrator>();
            await migrator.InTurnAsync(async () =>
            {
                await migrator.MigrateAsync();
                await app.PeopleAsync(output);
                // The first key of the ring is made in turn too: two made at once would each be a stranger to the other node for a day.
                app.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("turn").Protect([0]);
            });
            return true;
        }
        catch (Exception e) when (e is DbException or DbUpdateException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            var options = StartupOptions.Database(app.Configuration);
            var key = options.Provider == DatabaseProvider.Sqlite ? "Database:Path" : "ConnectionStrings:Dispatch";
            await errors.WriteLineAsync($"{key}: the database cannot be opened ({e.Message.ReplaceLineEndings(" ")}); allowed: a database that {options.Provider} can reach and change");
            return false;
        }
    }

    private static async Task PeopleAsync(this WebApplication app, TextWriter output)
    {
        var links = app.Services.GetRequiredService<SetupLinks>();
        await links.EnsureRolesAsync();
        if (app.Configuration.DemoEnabled(app.Environment))
        {
            await DemoPeople.EnsureAsync(app.Services.GetRequiredService<Database>(), app.Services.GetRequiredService<PeopleService>());
        }
        else if (await links.IssueAsync() is { } token)
        {
            // Printed once the address is known; never logged, since log stores outlive the day it is valid.
            app.Lifetime.ApplicationStarted.Register(() => output.WriteLine(
                Logs.Line(app.Configuration, $"Create the first admin within 24 hours: {app.Urls.First().TrimEnd('/')}/setup/{token}", app.Services.GetRequiredService<TimeProvider>())));
        }
    }
}
