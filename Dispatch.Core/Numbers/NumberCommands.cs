using Dispatch.Core.Broker;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Microsoft.EntityFrameworkCore;

namespace Dispatch.Core.Numbers;

/// <summary>What became of commands on their way: the step from Validated to CommandSent, and the reason while one cannot leave.</summary>
public sealed class NumberCommands(NumberStore store, WorkerMessages messages) : IWorkerCommandFollower
{
    public async Task CommandsAsync(WriteSession session, IReadOnlyList<CommandProgress> commands, DateTime now)
    {
        // By number, as answers are met too: two transactions wait for each other and do not lock each other out.
        foreach (var command in commands.Where(c => c.NumberId is not null).OrderBy(c => c.NumberId))
        {
            switch (command.Action)
            {
                case WorkerAction.Send when command.Result == CommandResult.Expired:
                    await messages.FailedAsync(session, command.CommandId, SendFailure.Unreachable, now);
                    break;
                case WorkerAction.Create or WorkerAction.Restart when SignalOf(command) is { } signal:
                    var generation = await session.Db.NumberSessions.Where(s => s.SessionId == command.SessionId).Select(s => (long?)s.Generation).FirstOrDefaultAsync();
                    if (generation is not null) await store.ApplyAsync(session, command.NumberId!.Value, signal with { Generation = generation }, NumberActor.Relay, now);
                    break;
            }
        }
    }

    private static NumberSignal? SignalOf(CommandProgress command) => command.Result switch
    {
        CommandResult.Published => new NumberSignal(NumberTrigger.CommandPublished),
        CommandResult.Waiting when command.Reason is WaitReason.BrokerDown or WaitReason.NotConfirmed => new NumberSignal(NumberTrigger.CommandReturned, Reason: NumberReason.BrokerAway),
        // It is only being paced (a legacy worker in the middle of something).
        CommandResult.Waiting when command.Reason == WaitReason.Busy => null,
        CommandResult.Waiting or CommandResult.Expired => new NumberSignal(NumberTrigger.CommandReturned, Reason: NumberReason.NobodyListens),
    };
}
