namespace Dispatch.Core.Data;

public enum DatabaseProvider { Sqlite, PostgreSql, SqlServer }

/// <summary>Section <c>Database</c>; the address itself is <c>ConnectionStrings:Dispatch</c>.</summary>
public sealed class DatabaseOptions
{
    public const string Section = "Database";

    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    /// <summary>SQLite only: the file, relative to the working directory.</summary>
    public string Path { get; set; } = "data/dispatch.db";

    /// <summary>SQLite only: the file may have so many pages of 4 KiB; 0: as the disk allows. Holds for connections that are opened after it was set.</summary>
    public int MaxPages { get; set; }

    /// <summary>PostgreSQL and SQL Server: how many write transactions this process runs at once. 1 to 64.</summary>
    public int MaxWriters { get; set; } = 12;

    /// <summary>How many requests may share one commit (SQLite) or one inbound transaction. 1 to 512.</summary>
    public int GroupSize { get; set; } = 128;

    /// <summary>Filled from <c>ConnectionStrings:Dispatch</c>.</summary>
    public string? ConnectionString { get; set; }
}
