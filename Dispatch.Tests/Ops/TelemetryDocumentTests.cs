using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Dispatch.Core.Telemetry;
using Dispatch.Tests.App;
using Dispatch.Tests.Support;
using Dispatch.Web.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.Ops;

/// <summary>What <c>docs/operations/telemetry.md</c> says exists, and what exists is in it.</summary>
public sealed partial class TelemetryDocumentTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations/telemetry.md"));

    [Fact]
    public void Metrics_ThatExist_AreTheDocumentedOnes()
    {
        // Those of a capability come to life with its class; the running host has made those of its services.
        foreach (var type in new[] { typeof(Traces).Assembly, typeof(PrometheusExporter).Assembly }.SelectMany(a => a.GetTypes()))
        {
            if (type.GetFields(BindingFlags.Static | BindingFlags.NonPublic).Any(f => f.FieldType == typeof(Meter))) RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
        var exist = host.Services.GetRequiredService<PrometheusExporter>().Own.Where(n => !n.StartsWith("dispatch_test_", StringComparison.Ordinal)).ToList();

        Assert.Contains("dispatch_loop_age_seconds", exist);
        Assert.Equal(exist, MetricRow().Matches(Document).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Activities_AreAllDocumented() =>
        Assert.Equal(Traces.All.Order(StringComparer.Ordinal), ActivityRow().Matches(Document).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void ErrorsAndWarnings_AreAllDocumented_AndNoOthers()
    {
        var exist = Repository.Files("*.cs").Where(f => f.StartsWith("Dispatch.Core", StringComparison.Ordinal) || f.StartsWith("Dispatch.Web", StringComparison.Ordinal))
            .SelectMany(f => LogMessage().Matches(File.ReadAllText(Path.Combine(Repository.Root, f)))).Select(m => m.Groups["text"].Value).Distinct(StringComparer.Ordinal).ToList();
        var rows = Document[Document.IndexOf("| error |", StringComparison.Ordinal)..].Split('\n').Where(l => l.StartsWith('|')).Select(l => l.Split('|')[1]);
        var documented = rows.SelectMany(r => Quoted().Matches(r)).Select(m => m.Groups["text"].Value).ToList();

        Assert.True(exist.Count > 50);
        Assert.Empty(exist.Except(documented, StringComparer.Ordinal));
        Assert.Empty(documented.Except(exist, StringComparer.Ordinal));
    }

    [Fact]
    public void Rules_NameOnlyMetricsThatExist()
    {
        var rules = File.ReadAllText(Path.Combine(Repository.Root, "docs/operations/alerts.yml"));
        var documented = MetricRow().Matches(Document).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        var used = RuleMetric().Matches(rules).Select(m => m.Value).Distinct(StringComparer.Ordinal).ToList();

        Assert.True(used.Count > 8);
        Assert.All(used, name => Assert.Contains(name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name, documented));
    }

    [GeneratedRegex(@"^\| `(?<name>dispatch_\w+)`( D)? \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^\| `(?<name>dispatch\.[a-z.]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex ActivityRow();

    [GeneratedRegex("LoggerMessage\\(Level = LogLevel\\.(Error|Warning|Critical), Message = \"(?<text>[^\"]*)\"\\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LogMessage();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\bdispatch_\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RuleMetric();
}
