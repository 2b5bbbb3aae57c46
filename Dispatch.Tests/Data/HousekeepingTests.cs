using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Dispatch.Core.Data;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Data;

/// <summary>Rules of the house that no compiler checks.</summary>
public partial class HousekeepingTests
{
    private const int MostLines = 400;

    [Fact]
    public void Core_UsesNoTypeOfTheWeb()
    {
        using var file = new PEReader(File.OpenRead(typeof(DispatchDb).Assembly.Location));
        var reader = file.GetMetadataReader();
        var used = reader.TypeReferences.Select(reader.GetTypeReference)
            .Select(t => $"{reader.GetString(t.Namespace)}.{reader.GetString(t.Name)}").ToList();

        Assert.Contains("Microsoft.AspNetCore.Identity.IdentityRole`1", used);
        Assert.DoesNotContain(used, t => WebNamespace().IsMatch(t));
    }

    [Fact]
    public void SourceFiles_AreOfASizeThatOneReads()
    {
        var files = Repository.Files("*.cs").Concat(Repository.Files("*.razor"))
            .Where(f => !f.Contains("Migrations", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.True(File.ReadLines(Path.Combine(Repository.Root, f)).Count() <= MostLines, $"{f}: two rooms in one?"));
    }

    [Fact]
    public void Words_ExistInBothLanguages()
    {
        var pairs = Repository.Files("*.resx").Where(f => !f.EndsWith(".fr.resx", StringComparison.Ordinal)).ToList();
        Assert.SkipWhen(pairs.Count == 0, "There are no resources yet.");

        Assert.All(pairs, english =>
        {
            var (one, other) = (Read(english), Read(Path.ChangeExtension(english, ".fr.resx")));
            Assert.Equal(one.Keys.Order(StringComparer.Ordinal), other.Keys.Order(StringComparer.Ordinal));
            Assert.All(one, word =>
            {
                Assert.False(string.IsNullOrWhiteSpace(other[word.Key]), $"{english}: {word.Key} is empty in French");
                Assert.True(Places(word.Value).SetEquals(Places(other[word.Key])), $"{english}: {word.Key} does not fill the same places in French");
            });
        });
    }

    private static Dictionary<string, string> Read(string path) => XDocument.Load(Path.Combine(Repository.Root, path)).Root!.Elements("data")
        .ToDictionary(d => d.Attribute("name")!.Value, d => d.Element("value")!.Value, StringComparer.Ordinal);

    private static HashSet<string> Places(string text) => [.. Place().Matches(text).Select(m => m.Groups["place"].Value)];

    [GeneratedRegex(@"\{(?<place>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Place();

    [GeneratedRegex(@"^Microsoft\.AspNetCore\.(Http|Components|Mvc|Builder|Routing|SignalR|Hosting)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WebNamespace();
}
