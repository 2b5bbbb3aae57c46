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
        if (builder.Options?.Contains("jit", StringComparison.Ordinal) != true) builder.Options = $"{builder.Options} -c jit=off".Trim();
        return builder.ToString();
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
            command.CommandText = "PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=8000;"
                + (options.MaxPages > 0 ? FormattableString.Invariant($" PRAGMA max_page_count={options.MaxPages};") : "");
            command.ExecuteNonQuery();
        }
    }
}
