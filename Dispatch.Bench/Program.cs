using Dispatch.Bench;

return args switch
{
    ["replay", var file, .. var rest] => await ReplayCommand.RunAsync(file, Arguments.Parse(rest)),
    ["inbound", .. var rest] => await InboundBench.RunAsync(Arguments.Parse(rest)),
    ["growth", .. var rest] => await GrowthBench.RunAsync(Arguments.Parse(rest)),
    ["decide"] => DecisionBench.Run(),
    ["rotation", .. var rest] => await RotationBench.RunAsync(Arguments.Parse(rest)),
    ["pages", .. var rest] => await PagesBench.RunAsync(Arguments.Parse(rest)),
    ["screenshots", .. var rest] => await ScreenshotsCommand.RunAsync(Arguments.Parse(rest)),
    ["circuits", .. var rest] => await CircuitBench.RunAsync(Arguments.Parse(rest)),
    ["locks", .. var rest] => await LockBench.RunAsync(Arguments.Parse(rest)),
    ["bus", .. var rest] => await BusBench.RunAsync(Arguments.Parse(rest)),
    ["connect", .. var rest] => await ConnectBench.RunAsync(Arguments.Parse(rest)),
    ["actions", .. var rest] => await Dispatch.Bench.Actions.ActionBench.RunAsync(Arguments.Parse(rest)),
    ["matching", .. var rest] => await MatchingBench.RunAsync(Arguments.Parse(rest)),
    ["simulate-matching", var file, .. var rest] => await SimulateCommand.RunAsync(file, Arguments.Parse(rest)),
    ["overview", .. var rest] => await OverviewBench.RunAsync(Arguments.Parse(rest)),
    ["soak", .. var rest] => await SoakBench.RunAsync(Arguments.Parse(rest)),
    ["copy", .. var rest] => await CopyBench.RunAsync(Arguments.Parse(rest)),
    ["nodes", .. var rest] => await NodesBench.RunAsync(Arguments.Parse(rest)),
    ["screens", .. var rest] => await ScreensBench.RunAsync(Arguments.Parse(rest)),
    ["takeover", .. var rest] => await TakeoverBench.RunAsync(Arguments.Parse(rest)),
    ["mixed", .. var rest] => await Dispatch.Bench.Mixed.MixedCommand.RunAsync(Arguments.Parse(rest)),
    ["serve", .. var rest] => ServeCommand.Run(rest),
    _ => Arguments.Usage(),
};
