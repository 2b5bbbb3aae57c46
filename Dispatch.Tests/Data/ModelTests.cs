using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Tests.Data;

public class ModelTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    [InlineData(DatabaseProvider.SqlServer)]
    public void Migrations_OfEachProvider_AreUpToDateWithTheModel(DatabaseProvider provider)
    {
        using var db = Contexts.Create(provider);

        Assert.False(db.Database.HasPendingModelChanges(), $"{provider}: run build/add-migration");
    }

    [Fact]
    public void Migrations_OfAllProviders_AreTheSameOnes()
    {
        var names = Enum.GetValues<DatabaseProvider>().Select(p =>
        {
            using var db = Contexts.Create(p);
            return string.Join(", ", db.Database.GetMigrations().Select(m => m[(m.IndexOf('_', StringComparison.Ordinal) + 1)..]));
        });

        Assert.Single(names.Distinct(StringComparer.Ordinal));
    }
}

internal static class Contexts
{
    /// <summary>A context that never opens its database.</summary>
    public static DispatchDb Create(DatabaseProvider provider) =>
        DataServices.Open(new DatabaseOptions { Provider = provider, ConnectionString = provider == DatabaseProvider.SqlServer ? "Server=none" : "" });
}
