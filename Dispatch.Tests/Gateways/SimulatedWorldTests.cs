using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways.Simulation;
using Microsoft.Extensions.Options;

namespace Dispatch.Tests.Gateways;

public class SimulatedWorldTests
{
    private static readonly DateTime Start = new(2026, 1, 5, 9, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void TakeDue_AfterStart_FirstMessageWithinThreeSeconds()
    {
        Assert.Contains(Run(World(new SimulatorOptions { Speed = 0.5 }), 3), d => d.Message is not null);
        Assert.Contains(Run(World(new SimulatorOptions()), 3), d => d.Message is not null);
    }

    [Fact]
    public void TakeDue_SameSeed_SameContacts() => Assert.Equal(
        Run(World(new SimulatorOptions { Seed = 5 }), 120).Select(d => (d.Message!.Address, d.Message.Text)),
        Run(World(new SimulatorOptions { Seed = 5 }), 120).Select(d => (d.Message!.Address, d.Message.Text)));

    [Fact]
    public void TakeDue_HourWithoutReplies_StaysWithinOpenContactsAndFillsEveryBlank()
    {
        var world = World(new SimulatorOptions { Seed = 1, MaxOpenContacts = 10, ContactsPerMinute = 60 });
        var all = Run(world, 3600);
        Assert.True(world.OpenContacts <= 10);
        Assert.True(all.Count > 100);
        Assert.All(all, d => Assert.DoesNotContain('{', d.Message!.Text));
        Assert.Equal(all.Count, all.Select(d => d.Message!.ProviderId).Distinct().Count());
        Assert.Contains(all, d => d.Message!.Text.Contains("Bonjour", StringComparison.Ordinal));
        Assert.Contains(all, d => d.Message!.Text.Contains("order", StringComparison.Ordinal));
    }

    [Fact]
    public void Sent_ToAContact_IsDeliveredThenReadThenUsuallyAnswered()
    {
        var answered = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var world = World(new SimulatorOptions { Seed = seed, ContactsPerMinute = 0 });
            var id = world.Sent("demo", "221770000000", "Bonjour, que puis-je pour vous ?", Start);
            var after = Run(world, 60);
            Assert.Equal(
                [MessageStatus.Delivered, MessageStatus.Read],
                after.Where(d => d.Status?.ProviderId == id).Select(d => d.Status!.Status));
            answered += after.Count(d => d.Message is { Address: "221770000000" }) > 0 ? 1 : 0;
        }
        Assert.InRange(answered, 10, 20);
    }

    [Fact]
    public void Sent_Disabled_StillTicksAndNobodyWrites()
    {
        var world = World(new SimulatorOptions { Enabled = false });
        world.Sent("demo", "221770000000", "Hello", Start);
        var all = Run(world, 600);
        Assert.Equal(2, all.Count(d => d.Status is not null));
        Assert.DoesNotContain(all, d => d.Message is not null);
    }

    private static SimulatedWorld World(SimulatorOptions options)
    {
        var world = new SimulatedWorld(Options.Create(options), TimeProvider.System);
        world.Start(["demo", "demo-livraison"], Start);
        return world;
    }

    private static List<SimulatedDelivery> Run(SimulatedWorld world, int seconds)
    {
        var all = new List<SimulatedDelivery>();
        for (var tick = 0; tick <= seconds * 10; tick++) all.AddRange(world.TakeDue(Start.AddMilliseconds(tick * 100)));
        return all;
    }
}
