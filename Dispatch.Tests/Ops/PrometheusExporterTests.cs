using System.Diagnostics.Metrics;
using Dispatch.Web.Ops;

namespace Dispatch.Tests.Ops;

public sealed class PrometheusExporterTests
{
    [Fact]
    public void Write_EachKindOfInstrument_InPrometheusWords()
    {
        using var meter = new Meter("Dispatch.Test.Kinds");
        using var exporter = new PrometheusExporter();
        var counter = meter.CreateCounter<long>("dispatch.test.things", description: "Things\nthat happened");
        var level = meter.CreateUpDownCounter<int>("dispatch.test.level");
        var set = meter.CreateGauge<double>("dispatch.test.set");
        var took = meter.CreateHistogram("dispatch.test.took", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        meter.CreateObservableGauge("dispatch.test.size", () => 12L, "By");
        counter.Add(2, new KeyValuePair<string, object?>("why", "say \"no\" \\ twice"));
        counter.Add(3, new KeyValuePair<string, object?>("why", "say \"no\" \\ twice"));
        level.Add(5);
        level.Add(-2);
        set.Record(7);
        set.Record(0.5);
        took.Record(0.05);
        took.Record(0.5);
        took.Record(60);

        var text = exporter.Write();

        Assert.Contains("# HELP dispatch_test_things_total Things\\nthat happened\n# TYPE dispatch_test_things_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("dispatch_test_things_total{why=\"say \\\"no\\\" \\\\ twice\"} 5\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE dispatch_test_level gauge\ndispatch_test_level 3\n", text, StringComparison.Ordinal);
        Assert.Contains("dispatch_test_set 0.5\n", text, StringComparison.Ordinal);
        Assert.Contains("dispatch_test_size_bytes 12\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "# TYPE dispatch_test_took_seconds histogram\ndispatch_test_took_seconds_bucket{le=\"0.1\"} 1\ndispatch_test_took_seconds_bucket{le=\"1\"} 2\n"
            + "dispatch_test_took_seconds_bucket{le=\"+Inf\"} 3\ndispatch_test_took_seconds_sum 60.55\ndispatch_test_took_seconds_count 3\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ObservedTwice_IsNotAddedUp()
    {
        using var meter = new Meter("Dispatch.Test.Twice");
        using var exporter = new PrometheusExporter();
        meter.CreateObservableCounter("dispatch.test.twice", () => 4);
        exporter.Write();
        Assert.Contains("dispatch_test_twice_total 4\n", exporter.Write(), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LabelThatGrowsWithoutBound_StopsGrowing()
    {
        using var meter = new Meter("Dispatch.Test.Many");
        using var exporter = new PrometheusExporter();
        var counter = meter.CreateCounter<int>("dispatch.test.many");
        for (var i = 0; i < 2 * PrometheusExporter.MaxSeries; i++) counter.Add(1, new KeyValuePair<string, object?>("id", i));
        Assert.Equal(PrometheusExporter.MaxSeries, exporter.Write().Split('\n').Count(l => l.StartsWith("dispatch_test_many_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Write_MeterOfSomebodyElse_IsLeftOut()
    {
        using var meter = new Meter("Npgsql");
        using var exporter = new PrometheusExporter();
        meter.CreateCounter<int>("db.client.commands").Add(1);
        Assert.DoesNotContain("db_client_commands", exporter.Write(), StringComparison.Ordinal);
    }
}
