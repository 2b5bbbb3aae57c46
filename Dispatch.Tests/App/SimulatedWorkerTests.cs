using Dispatch.Core.Broker;
using Dispatch.Core.Numbers;
using Dispatch.Core.Numbers.Simulation;
using Dispatch.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dispatch.Tests.App;

/// <summary>The demo as it starts: a worker that has registered itself, two clients who wait, and a number that is connected without a phone.</summary>
public sealed class SimulatedWorkerTests
{
    [Fact]
    public async Task Demo_ValidateAClient_ShowsCodesAndConnects_AndCarriesMessages()
    {
        await using var host = new ApiHost
        {
            Settings = new Dictionary<string, string> { ["Demo:Enabled"] = "true", ["Simulator:ContactsPerMinute"] = "0", ["Simulator:Speed"] = "30", ["Simulator:Seed"] = "7" },
        };
        await host.InitializeAsync();
        var waiting = (await host.GetAsync("/api/clients?status=AwaitingValidation")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(2, waiting.Count);
        var (client, number) = (waiting[0].GetProperty("id").GetInt64(), waiting[0].GetProperty("numberId").GetInt64());
        var codes = host.Services.GetRequiredService<NumberCodes>();

        await host.PostAsync($"/clients/{client}/validate?workerId={SimulatedWorker.Id}");

        await Eventually.Async(async () => (await codes.ReadAsync(number))!.Png is not null);
        await Eventually.Async(async () => (await codes.ReadAsync(number))!.State == NumberState.Connected);
        await using var db = host.Database.Read();
        var events = await db.NumberEvents.Where(e => e.NumberId == number && e.Verdict == NumberVerdict.Applied).OrderBy(e => e.Id).Select(e => new { e.Kind, e.QrNumber }).ToListAsync();
        Assert.Equal([1, 2], events.Where(e => e.Kind == NumberTrigger.QrGenerated).Select(e => e.QrNumber!.Value));
        Assert.Contains(events, e => e.Kind == NumberTrigger.Scanned);
        // Somebody writes to the number, and that is a conversation of its profile.
        await Eventually.Async(async () => (await host.GetAsync("/api/conversations")).GetProperty("total").GetInt32() > 0);
        Assert.Equal(0, await db.DeadLetters.CountAsync());
        Assert.Equal(WorkerState.Up, (await host.Services.GetRequiredService<WorkerService>().FindAsync(SimulatedWorker.Id))!.State);
        Assert.Equal(BrokerKind.InProcess, host.Services.GetRequiredService<IWorkerBus>().Kind);
    }
}
