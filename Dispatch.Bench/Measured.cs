using System.Runtime.InteropServices;

namespace Dispatch.Bench;

/// <summary>Durations in milliseconds and what to say of them.</summary>
internal sealed class Measured(IEnumerable<double> milliseconds)
{
    private readonly double[] _sorted = [.. milliseconds.Order()];

    public int Count => _sorted.Length;
    public IReadOnlyList<double> All => _sorted;
    public double At(double quantile) => _sorted.Length == 0 ? double.NaN : _sorted[(int)Math.Min(_sorted.Length - 1, quantile * _sorted.Length)];
    public override string ToString() => FormattableString.Invariant($"p50 {At(0.50):F2} ms, p95 {At(0.95):F2} ms, p99 {At(0.99):F2} ms");

    public static string Machine =>
        $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30)} GiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
}
