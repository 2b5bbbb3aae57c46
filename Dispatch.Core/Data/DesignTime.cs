using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Dispatch.Core.Data;

/// <summary>Lets <c>dotnet ef</c> build each context without a host or a server.</summary>
internal abstract class DesignTime<TContext>(DatabaseProvider provider) : IDesignTimeDbContextFactory<TContext>
    where TContext : DispatchDb
{
    public TContext CreateDbContext(string[] args)
    {
        var builder = new DbContextOptionsBuilder<TContext>();
        DataServices.Configure(builder, new DatabaseOptions { Provider = provider, Path = "design.db", ConnectionString = "" });
        return (TContext)Activator.CreateInstance(typeof(TContext), builder.Options)!;
    }
}

internal sealed class SqliteDesignTime() : DesignTime<SqliteDispatchDb>(DatabaseProvider.Sqlite);

internal sealed class PostgresDesignTime() : DesignTime<PostgresDispatchDb>(DatabaseProvider.PostgreSql);

internal sealed class SqlServerDesignTime() : DesignTime<SqlServerDispatchDb>(DatabaseProvider.SqlServer);
