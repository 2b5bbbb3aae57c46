using Dispatch.Core.Live;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Dispatch.Core.Data;

public static class DataServices
{
    /// <summary>The database, its factory and the write queue. The provider is chosen here, once, from <paramref name="options"/>.</summary>
    public static IServiceCollection AddDispatchData(this IServiceCollection services, DatabaseOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Options.Create(options));
        services.TryAddSingleton<LiveHub>();
        services.AddSingleton<Database>();
        switch (options.Provider)
        {
            case DatabaseProvider.Sqlite: Add<SqliteDispatchDb>(services, options); break;
            case DatabaseProvider.PostgreSql: Add<PostgresDispatchDb>(services, options); break;
            case DatabaseProvider.SqlServer: Add<SqlServerDispatchDb>(services, options); break;
            default: throw new ArgumentOutOfRangeException(nameof(options), options.Provider, "Database:Provider");
        }
        return services;
    }

    private static void Add<TContext>(IServiceCollection services, DatabaseOptions options)
        where TContext : DispatchDb
    {
        services.AddPooledDbContextFactory<TContext>(builder => Configure(builder, options));
        services.AddSingleton<IDbContextFactory<DispatchDb>>(s => new Factory<TContext>(s.GetRequiredService<IDbContextFactory<TContext>>()));
        // Identity's stores ask for a context of their own per scope.
        services.AddScoped<DispatchDb>(s => s.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext());
    }

    /// <summary>How a context reaches its database; shared with the design-time factories and the tests.</summary>
    public static void Configure(DbContextOptionsBuilder builder, DatabaseOptions options)
    {
        switch (options.Provider)
        {
            case DatabaseProvider.Sqlite:
                DatabaseMetrics.OnSqlite();
                builder.UseSqlite(SqliteConnectionString(options)).AddInterceptors(new SqlitePragmas(options));
                break;
            case DatabaseProvider.PostgreSql:
                builder.UseNpgsql(PostgresConnectionString(options));
                break;
            case DatabaseProvider.SqlServer:
                builder.UseSqlServer(options.ConnectionString);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(options), options.Provider, "Database:Provider");
        }
    }

    /// <summary>A context of its own, outside a host: for commands and tests.</summary>
    public static DispatchDb Open(DatabaseOptions options) => options.Provider switch
    {
        DatabaseProvider.Sqlite => new SqliteDispatchDb(Built<SqliteDispatchDb>(options)),
        DatabaseProvider.PostgreSql => new PostgresDispatchDb(Built<PostgresDispatchDb>(options)),
        DatabaseProvider.SqlServer => new SqlServerDispatchDb(Built<SqlServerDispatchDb>(options)),
    };

    private static DbContextOptions<T> Built<T>(DatabaseOptions options)
        where T : DbContext
    {
        var builder = new DbContextOptionsBuilder<T>();
        Configure(builder, options);
        return builder.Options;
    }

    private static string PostgresConnectionString(DatabaseOptions options)
    {
        var builder = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        // The hot statements come again and again: planned once per connection instead of at each use.
        if (builder.MaxAutoPrepare == 0) builder.MaxAutoPrepare = 100;
        // Once the tables are analysed, the planner thinks a statement over given rows so costly that it compiles it to machine code first: 1.7 s for what takes 5 ms (measured).
        Set(builder, "jit", "off");
        // A node that is stopped in the middle of a transaction keeps what it locked, and everybody waits for it: the server ends such a transaction. Nothing here thinks between two statements.
        Set(builder, "idle_in_transaction_session_timeout", "5s");
        // A machine that is gone closes no connection: the server asks after it, or its locks would stay for two hours.
        Set(builder, "tcp_keepalives_idle", "5");
        Set(builder, "tcp_keepalives_interval", "2");
        Set(builder, "tcp_keepalives_count", "3");
        Set(builder, "tcp_user_timeout", "12s");
        // Three nodes on PostgreSQL's usual 100 connections, with room for LISTEN and for people.
        if (builder.MaxPoolSize == new NpgsqlConnectionStringBuilder().MaxPoolSize) builder.MaxPoolSize = PoolSize;
        return builder.ToString();
    }

    private const int PoolSize = 28;

    private static void Set(NpgsqlConnectionStringBuilder builder, string setting, string value)
    {
        if (builder.Options?.Contains(setting, StringComparison.Ordinal) != true) builder.Options = $"{builder.Options} -c {setting}={value}".Trim();
    }

    private static string SqliteConnectionString(DatabaseOptions options) => new SqliteConnectionStringBuilder(options.ConnectionString ?? "")
    {
        DataSource = options.Path,
        ForeignKeys = true,
        DefaultTimeout = 30,
    }.ToString();

    private sealed class Factory<TContext>(IDbContextFactory<TContext> inner) : IDbContextFactory<DispatchDb>
        where TContext : DispatchDb
    {
        public DispatchDb CreateDbContext() => inner.CreateDbContext();
    }

    /// <summary>
    /// Kibibytes of pages that a connection keeps. Of the readers there are as many as ever read at once, and the system keeps the file's pages for all of them: with the writer's share for each, the
    /// process grew with the file, by 64 MB a reader.
    /// </summary>
    internal const int ReaderCache = 4096, WriterCache = 65_536;

    /// <summary>FULL: a message answered 200 survives a power cut. It is a setting of the connection, not of the file.</summary>
    private sealed class SqlitePragmas(DatabaseOptions options) : DbConnectionInterceptor
    {
        public override void ConnectionOpened(System.Data.Common.DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

        public override Task ConnectionOpenedAsync(
            System.Data.Common.DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            Apply(connection);
            return Task.CompletedTask;
        }

        private void Apply(System.Data.Common.DbConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA synchronous=FULL; PRAGMA cache_size=-{ReaderCache}; PRAGMA wal_autocheckpoint=8000;"
                + (options.MaxPages > 0 ? FormattableString.Invariant($" PRAGMA max_page_count={options.MaxPages};") : "");
            command.ExecuteNonQuery();
        }
    }
}
