using System.Text;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Dispatch.Tests.Data;

/// <summary>docs/schema.md is written from the model: run with DISPATCH_WRITE_SCHEMA=1 after changing it.</summary>
public class SchemaTests
{
    [Fact]
    public void Schema_OfTheDocs_IsTheModels()
    {
        using var db = Contexts.Create(DatabaseProvider.PostgreSql);
        var text = Describe(db.GetService<Microsoft.EntityFrameworkCore.Metadata.IDesignTimeModel>().Model);
        var path = Path.Combine(Repository.Root, "docs/schema.md");
        if (Environment.GetEnvironmentVariable("DISPATCH_WRITE_SCHEMA") == "1") File.WriteAllText(path, text);

        Assert.Equal(text, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    private static string Describe(IModel model)
    {
        var text = new StringBuilder("# Schema\n\nWritten from the model by `SchemaTests`; types are PostgreSQL's. A due time is a column, an invariant is an index or a check.\n");
        foreach (var entity in model.GetEntityTypes().OrderBy(e => e.GetTableName(), StringComparer.Ordinal))
        {
            text.Append("\n## ").Append(entity.GetTableName()).Append("\n\n| column | type | |\n|---|---|---|\n");
            foreach (var property in entity.GetProperties().OrderBy(p => !p.IsPrimaryKey()))
            {
                var foreign = property.GetContainingForeignKeys().Select(f => $"-> {f.PrincipalEntityType.GetTableName()}").FirstOrDefault();
                text.Append("| ").Append(property.GetColumnName()).Append(" | ").Append(property.GetColumnType()).Append(" | ")
                    .AppendJoin(", ", new[] { property.IsPrimaryKey() ? "key" : null, property.IsNullable ? "null" : null, foreign }.OfType<string>()).Append(" |\n");
            }
            foreach (var check in entity.GetCheckConstraints()) text.Append("\nCheck `").Append(check.Name).Append("`: `").Append(check.Sql).Append("`\n");
            foreach (var index in entity.GetIndexes().OrderBy(i => i.GetDatabaseName(), StringComparer.Ordinal))
            {
                text.Append("\n- ").Append(index.IsUnique ? "unique " : "").Append('`').Append(index.GetDatabaseName()).Append("` (")
                    .AppendJoin(", ", index.Properties.Select(p => p.GetColumnName())).Append(')').Append(index.GetFilter() is { } filter ? $" where `{filter}`" : "");
            }
            if (entity.GetIndexes().Any()) text.Append('\n');
        }
        return text.ToString();
    }
}
