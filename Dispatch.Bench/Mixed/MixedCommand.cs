namespace Dispatch.Bench.Mixed;

/// <summary><c>mixed</c>: prints what was done, what came of it and what the checker found; exits with 1 when it found anything.</summary>
internal static class MixedCommand
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var options = new MixedOptions
        {
            Duration = TimeSpan.FromSeconds(arguments.Number("seconds", arguments.Number("minutes", 10) * 60)), Seed = arguments.Number("seed", 1),
            FaultEvery = TimeSpan.FromSeconds(arguments.Number("every", 20)), FreezeFor = TimeSpan.FromSeconds(arguments.Number("freeze", 20)), Settle = TimeSpan.FromSeconds(arguments.Number("settle", 240)),
        };
        Console.WriteLine($"mixed load, seed {options.Seed}; {Measured.Machine}");
        await using var run = await MixedRun.RunAsync(options, Console.WriteLine);
        Console.WriteLine(run.Report);
        if (arguments.Text("keep") is { } keep)
        {
            Console.WriteLine($"kept for a look: {run.Connection().ConnectionString}");
            await Task.Delay(TimeSpan.FromSeconds(int.Parse(keep, System.Globalization.CultureInfo.InvariantCulture)), TimeProvider.System);
        }
        return run.Violations.Count == 0 ? 0 : 1;
    }
}
