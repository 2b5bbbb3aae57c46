using System.Globalization;
using System.Text;
using Dispatch.Bench;

namespace Dispatch.Tests.Matching;

/// <summary>The simulation runs the production services; what it prints must not depend on the machine or on luck.</summary>
public sealed class SimulationTests
{
    [Fact]
    public async Task Simulation_SameSeed_PrintsTheSameAndAnotherSeedDoesNot()
    {
        var (first, again, other) = (await RunAsync("5"), await RunAsync("5"), await RunAsync("6"));

        Assert.Equal(first, again);
        Assert.NotEqual(first[1..], other[1..]);
        // Title, head, and the three policies.
        Assert.Equal(5, first.Length);
        Assert.All(first[2..], line => Assert.Matches("%", line));
    }

    private static async Task<string[]> RunAsync(string seed)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        await SimulateCommand.RunAsync(Trips(), Arguments.Parse(["--drivers", "12", "--trips", "4", "--window", "15", "--seed", seed]), output);
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The columns of the file that the benchmark reads, with trips of nobody.</summary>
    private static string Trips()
    {
        var csv = new StringBuilder("trip_start_timestamp,pickup_community_area,pickup_latitude,pickup_longitude,dropoff_community_area,dropoff_latitude,dropoff_longitude,trip_miles,trip_seconds,fare\n");
        for (var i = 0; i < 12; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{1_476_579_600 + (i % 4 * 900)},{i % 3},{41.9 + (i * 0.01)},{-87.6 - (i * 0.01)},1,41.92,-87.67,3.5,{600 + (i * 60)},12.25\n");
        }
        return csv.ToString();
    }
}
