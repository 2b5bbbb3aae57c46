using System.Reflection;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Dispatch.Tests.Data;

/// <summary>
/// While nodes are upgraded one by one the version before works on this version's schema. What it reads and writes is recorded at its release (docs/operations/upgrade.md), so from the second
/// release on a migration that would stop it fails here.
/// </summary>
public class ReleasedSchemaTests
{
    private static string Record => Path.Combine(Repository.Root, "docs/schema-released.json");

    private static ReleasedSchema Present()
    {
        using var db = Contexts.Create(DatabaseProvider.PostgreSql);
        var version = typeof(DispatchDb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        return ReleasedSchema.Of(db.GetService<IDesignTimeModel>().Model, version);
    }

    [Fact]
    public void Model_ForTheVersionBefore_IsStillReadableAndWritable()
    {
        if (Environment.GetEnvironmentVariable("DISPATCH_WRITE_RELEASE") == "1") File.WriteAllText(Record, Present().Write());
        // The record is made with the first release; before it, no version has to be kept working.
        var problems = File.Exists(Record) ? ReleasedSchema.Read(File.ReadAllText(Record)).ProblemsOn(Present()) : [];
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public void Record_WrittenAndRead_IsTheSame()
    {
        var present = Present();
        var again = ReleasedSchema.Read(present.Write());

        Assert.Equal(present.Write(), again.Write());
        Assert.Empty(again.ProblemsOn(present));
        Assert.Equal(new ReleasedColumn("bigint", false, true), present.Tables["conversations"]["id"]);
    }

    [Theory]
    [InlineData("text", false, false, "character varying(40)", false, false, "knows text")]
    [InlineData("integer", false, false, "text", false, false, "knows integer")]
    [InlineData("character varying(40)", false, false, "character varying(20)", false, false, "knows character varying(40)")]
    [InlineData("text", true, false, "text", false, false, "may write none")]
    [InlineData("text", false, false, "text", true, false, "cannot read that")]
    [InlineData("bigint", false, true, "bigint", false, false, "leaves it out")]
    [InlineData("integer", false, false, "bigint", false, false, null)]
    [InlineData("character varying(40)", true, false, "character varying(80)", true, false, null)]
    [InlineData("character varying(40)", true, false, "text", true, true, null)]
    public void Column_ThatChanged_IsAProblemOnlyIfTheOlderVersionMeetsIt(string type, bool nullable, bool filled, string nowType, bool nowNullable, bool nowFilled, string? problem)
    {
        var found = With(("a", new ReleasedColumn(type, nullable, filled))).ProblemsOn(With(("a", new ReleasedColumn(nowType, nowNullable, nowFilled))));

        if (problem is null) Assert.Empty(found);
        else Assert.Contains(problem, Assert.Single(found), StringComparison.Ordinal);
    }

    [Fact]
    public void ColumnsAndTables_ThatCameOrWent_AreProblemsOnlyIfTheOlderVersionMeetsThem()
    {
        var column = new ReleasedColumn("text", false, false);
        var before = With(("a", column));

        Assert.Contains("gone", Assert.Single(before.ProblemsOn(With())), StringComparison.Ordinal);
        Assert.Contains("gone", Assert.Single(before.ProblemsOn(new ReleasedSchema("2", []))), StringComparison.Ordinal);
        Assert.Contains("cannot insert", Assert.Single(before.ProblemsOn(With(("a", column), ("b", column)))), StringComparison.Ordinal);
        Assert.Empty(before.ProblemsOn(With(("a", column), ("b", column with { Nullable = true }), ("c", column with { Default = true }))));
    }

    private static ReleasedSchema With(params (string Name, ReleasedColumn Column)[] columns)
    {
        var table = new SortedDictionary<string, ReleasedColumn>(StringComparer.Ordinal);
        foreach (var (name, column) in columns) table.Add(name, column);
        return new ReleasedSchema("1", new SortedDictionary<string, SortedDictionary<string, ReleasedColumn>>(StringComparer.Ordinal) { ["t"] = table });
    }
}
