using System.Reflection;
using System.Text.RegularExpressions;
using Dispatch.Core.Matching;
using Dispatch.Tests.Support;
using Dispatch.Web.Api;

namespace Dispatch.Tests.Matching;

/// <summary>The table of seed 003 names code and tests that exist: a row that nobody kept up says so here.</summary>
public sealed partial class TraceabilityTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private static readonly Assembly[] Code = [typeof(MatchingService).Assembly, typeof(ApiOptions).Assembly, typeof(Bench.Arguments).Assembly];

    [Fact]
    public void Seed003_EveryNameInTheTableExists()
    {
        var rows = Rows();
        Assert.True(rows.Count > 45, $"{rows.Count} rows");
        var code = Names(Code);
        var tests = Names([typeof(TraceabilityTests).Assembly]);
        var sources = string.Concat(Repository.Files("*.cs").Concat(Repository.Files("*.razor")).Where(f => f.StartsWith("Dispatch.Web", StringComparison.Ordinal)).Select(f => File.ReadAllText(Path.Combine(Repository.Root, f))));
        var schema = File.ReadAllText(Path.Combine(Repository.Root, "docs/schema.md"));

        var missing = new List<string>();
        foreach (var (item, here, test) in rows)
        {
            foreach (var name in Quoted(here).Where(n => !Exists(n, code, sources, schema))) missing.Add($"{item}: {name} is nowhere in the code");
            foreach (var name in Quoted(test).Where(n => !Exists(n, tests, "", ""))) missing.Add($"{item}: no test {name}");
            if (Quoted(here).Count + Quoted(test).Count == 0) missing.Add($"{item}: names nothing");
        }
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    /// <summary>A type, a member, <c>Type.Member</c>, the beginning of one that ends with dots, a path, a route, an index.</summary>
    private static bool Exists(string name, HashSet<string> names, string sources, string schema)
    {
        if (name.StartsWith("Dispatch.Bench ", StringComparison.Ordinal)) return true;
        var route = name.Split(' ') is [_, var path] ? path : name;
        if (route.StartsWith('/') && sources.Length > 0)
        {
            // Pages say their whole route, endpoints the part below /api.
            var plain = Parameter().Replace(route.Replace("/api", "", StringComparison.Ordinal), "{");
            var all = Parameter().Replace(sources, "{");
            bool Has(string text) => all.Contains(text, StringComparison.Ordinal);
            var (group, rest) = plain.IndexOf("/{", StringComparison.Ordinal) is > 0 and var at ? (plain[..at], plain[at..]) : (plain, "");
            return route == "/openapi/v1.json" || Has($"\"{plain}") || Has($"MapGroup(\"{group}\")") && Has($"(\"{rest}\"");
        }
        if (name.Contains('/', StringComparison.Ordinal))
            return File.Exists(Path.Combine(Repository.Root, name)) || names.Contains(name.Split('/')[^1]);
        if (name.Contains('_', StringComparison.Ordinal) && (schema.Contains($"`{name}`", StringComparison.Ordinal) || schema.Contains($"| {name} |", StringComparison.Ordinal))) return true;
        var wanted = name.TrimEnd('.');
        return wanted.Split('.').All(part => part.EndsWith('_') || name.EndsWith("...", StringComparison.Ordinal) && part == wanted.Split('.')[^1]
            ? names.Any(n => n.StartsWith(part, StringComparison.Ordinal)) : names.Contains(part) || names.Contains(part + "Async"));
    }

    private static List<(string Item, string Here, string Test)> Rows()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs/traceability.md"));
        var start = Array.FindIndex(lines, l => l.StartsWith("## Seed 003", StringComparison.Ordinal));
        return [.. lines.Skip(start + 1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Where(l => l.StartsWith('|')).Skip(2)
            .Select(l => l.Replace("\\|", "/", StringComparison.Ordinal).Split('|')).Select(c => (c[1].Trim(), c[2], c[3]))];
    }

    private static List<string> Quoted(string cell) => [.. Code1().Matches(cell).Select(m => m.Groups["name"].Value)];

    private static HashSet<string> Names(IEnumerable<Assembly> assemblies)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in assemblies.SelectMany(a => a.GetTypes()).Where(t => !t.Name.StartsWith('<')))
        {
            names.Add(type.Name);
            foreach (var member in type.GetMembers(All)) names.Add(member.Name);
        }
        return names;
    }

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code1();

    [GeneratedRegex(@"\{(?=\w)[^}\s/""]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();
}
