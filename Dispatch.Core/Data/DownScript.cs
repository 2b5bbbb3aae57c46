using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Dispatch.Core.Data;

/// <summary>The way back from this version's schema to an earlier one, as a script of the database's own language. Nothing is run.</summary>
public static class DownScript
{
    /// <summary>Before the first migration: no table is left.</summary>
    public const string Nothing = Migration.InitialDatabase;

    /// <summary>Where one can go back to, the oldest first.</summary>
    public static IReadOnlyList<string> Known(DispatchDb db) => [.. db.Database.GetMigrations().SkipLast(1)];

    /// <summary>From the newest of this version to the one named; null: there is none of that name, or none before the newest.</summary>
    /// <param name="target">Id or name of a migration, <see cref="Nothing"/>, or null for the one before the newest.</param>
    public static string? Of(DispatchDb db, string? target)
    {
        var all = db.Database.GetMigrations().ToList();
        var to = target switch
        {
            null => all.Count > 1 ? all[^2] : null,
            Nothing => Nothing,
            _ => all.Find(m => m == target || m.EndsWith("_" + target, StringComparison.Ordinal)),
        };
        if (to is null || to == all[^1]) return null;
        var script = new StringBuilder();
        // The views of this version may read what goes; the version that starts next makes its own.
        foreach (var drop in DatabaseViews.DropStatements) script.Append(drop).Append(";\n");
        return script.Append(db.GetService<IMigrator>().GenerateScript(all[^1], to)).ToString();
    }
}
