using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Dispatch.Web.Ops;

/// <summary>
/// Prometheus text (exposition format 0.0.4) of Dispatch's own instruments and of the framework's that say how the host is. Written here because the
/// registry has no Prometheus exporter; nothing else belongs into it.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>Past this many label sets an instrument has a label whose values grow without bound: a defect, and no reason to eat the memory.</summary>
    internal const int MaxSeries = 500;

    private static readonly double[] Buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly string[] Framework = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Components", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Metric> _metrics = new(StringComparer.Ordinal);
    private readonly Lock _writing = new();

    public PrometheusExporter()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!Wants(instrument.Meter.Name)) return;
            // Two instances of one capability (a test host, a second container) share a metric: the name is what a scraper knows.
            listener.EnableMeasurementEvents(instrument, _metrics.GetOrAdd(NameOf(instrument), name => new Metric(name, instrument)));
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => ((Metric)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((Metric)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((Metric)state!).Record(value, tags));
        _listener.Start();
    }

    public string Write()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_writing)
        {
            foreach (var (_, metric) in _metrics) metric.Forget();
            _listener.RecordObservableInstruments();
            foreach (var (_, metric) in _metrics.OrderBy(m => m.Key, StringComparer.Ordinal)) metric.WriteTo(text);
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Every metric of Dispatch's own instruments that exists in this process, also those that measured nothing yet: what the documentation has to have.</summary>
    internal IReadOnlyList<string> Own => [.. _metrics.Values.Where(m => m.Meter.StartsWith("Dispatch.", StringComparison.Ordinal)).Select(m => m.Name).Order(StringComparer.Ordinal)];

    private static bool Wants(string meter) => meter.StartsWith("Dispatch.", StringComparison.Ordinal) || Framework.Contains(meter, StringComparer.Ordinal);

    /// <summary><c>dispatch.inbound.store.duration</c> in <c>s</c>: <c>dispatch_inbound_store_duration_seconds</c>.</summary>
    private static string NameOf(Instrument instrument)
    {
        var name = new StringBuilder(instrument.Name.StartsWith("dispatch.", StringComparison.Ordinal) ? "" : "dispatch_");
        foreach (var c in instrument.Name) name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "ms" => "_milliseconds", "By" => "_bytes", _ => "" };
        if (unit.Length > 0 && !name.ToString().EndsWith(unit, StringComparison.Ordinal)) name.Append(unit);
        if (Kind(instrument) == "counter") name.Append("_total");
        return name.ToString();
    }

    private static string Kind(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter"
            : type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : "gauge";
    }

    private sealed class Metric(string name, Instrument instrument)
    {
        public string Name => name;
        public string Meter => instrument.Meter.Name;

        private readonly string _kind = Kind(instrument);
        private readonly bool _sets = instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);
        private readonly double[] _bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } ? [.. bounds] : Buckets;
        private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = Labels(tags);
            if (!_series.TryGetValue(labels, out var series))
            {
                if (_series.Count >= MaxSeries) return;
                series = _series.GetOrAdd(labels, _ => new Series(_kind == "histogram" ? _bounds.Length : 0));
            }
            lock (series)
            {
                if (_kind != "histogram")
                {
                    // What is observed anew at each scrape adds up over the instances that observe it.
                    series.Sum = _sets ? value : series.Sum + value;
                    return;
                }
                series.Sum += value;
                series.Count++;
                for (var i = 0; i < _bounds.Length; i++)
                {
                    if (value <= _bounds[i]) series.Buckets[i]++;
                }
            }
        }

        /// <summary>What is observed anew at each scrape begins anew; a gauge that is set keeps its last value.</summary>
        public void Forget()
        {
            if (instrument.IsObservable) _series.Clear();
        }

        public void WriteTo(StringBuilder text)
        {
            if (_series.IsEmpty) return;
            text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(instrument.Description ?? instrument.Name, quotes: false)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(_kind).Append('\n');
            foreach (var (labels, series) in _series.OrderBy(s => s.Key, StringComparer.Ordinal))
            {
                lock (series)
                {
                    if (_kind != "histogram")
                    {
                        Line(text, name, labels, series.Sum);
                        continue;
                    }
                    for (var i = 0; i < _bounds.Length; i++) Line(text, name + "_bucket", With(labels, Number(_bounds[i])), series.Buckets[i]);
                    Line(text, name + "_bucket", With(labels, "+Inf"), series.Count);
                    Line(text, name + "_sum", labels, series.Sum);
                    Line(text, name + "_count", labels, series.Count);
                }
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
            text.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string With(string labels, string bound) => labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"";

        private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf"
            : double.IsNaN(value) ? "NaN" : value.ToString("R", CultureInfo.InvariantCulture);

        private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (tags.IsEmpty) return "";
            var text = new StringBuilder();
            foreach (var (key, value) in tags)
            {
                if (text.Length > 0) text.Append(',');
                foreach (var c in key) text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
                text.Append("=\"").Append(Escaped(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true)).Append('"');
            }
            return text.ToString();
        }

        private static string Escaped(string value, bool quotes)
        {
            var plain = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            return quotes ? plain.Replace("\"", "\\\"", StringComparison.Ordinal) : plain;
        }
    }

    private sealed class Series(int buckets)
    {
        public double Sum { get; set; }
        public long Count { get; set; }
        public long[] Buckets { get; } = new long[buckets];
    }
}
