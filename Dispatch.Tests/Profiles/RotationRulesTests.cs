using Dispatch.Core.Moderators;
using Dispatch.Core.Profiles;

namespace Dispatch.Tests.Profiles;

public class RotationRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    [Fact]
    public void Compare_PriorityThenHoldingsThenTimeThenId()
    {
        LineEntry[] line = [Entry(5, held: 1), Entry(4, at: 1), Entry(3), Entry(2), Entry(1, at: 2, priority: 1)];

        Assert.Equal([1, 2, 3, 4, 5], line.Order(Comparer<LineEntry>.Create(RotationRules.Compare)).Select(e => (int)e.ModeratorId));
    }

    [Fact]
    public void Plan_FreeProfiles_GoRoundTheLineInItsOrderUpToTheLimit()
    {
        var plan = RotationRules.Plan([Profile(1), Profile(2), Profile(3), Profile(4), Profile(5)], Nobody, [Entry(8), Entry(7)], 2, Grace, Now);

        // One each, then a second one each; the fifth stays free.
        Assert.Equal([(1, 7), (2, 8), (3, 7), (4, 8)], plan.Select(m => ((int)m.Profile.Id, (int)m.To!.ModeratorId)));
    }

    [Fact]
    public void Plan_HigherPriorityThenLongestFree_ComesFirst()
    {
        var plan = RotationRules.Plan(
            [Profile(1) with { FreeSince = Now }, Profile(2) with { FreeSince = Now.AddMinutes(-1) }, Profile(3) with { Priority = 1, FreeSince = Now }],
            Nobody, [Entry(7), Entry(8)], 1, Grace, Now);

        Assert.Equal([(3, 7), (2, 8)], plan.Select(m => ((int)m.Profile.Id, (int)m.To!.ModeratorId)));
    }

    [Theory]
    [InlineData(PresenceState.Online, true, 0, null)]
    [InlineData(PresenceState.Offline, true, 0, ReleaseCause.Left)]
    [InlineData(PresenceState.Away, true, -59, null)]
    [InlineData(PresenceState.Away, true, -60, ReleaseCause.Away)]
    [InlineData(PresenceState.Online, false, 0, ReleaseCause.Disabled)]
    public void WhyFreed_ByPresence(PresenceState state, bool enabled, int since, ReleaseCause? expected) => Assert.Equal(
        expected, RotationRules.WhyFreed(Held(1, by: 7), new HolderFacts(7, enabled, state, Now.AddSeconds(since)), Grace, Now));

    [Fact]
    public void WhyFreed_ByTheProfile()
    {
        var here = new HolderFacts(7, true, PresenceState.Online, Now);
        Assert.Equal(ReleaseCause.Paused, RotationRules.WhyFreed(Held(1, by: 7) with { InRotation = false, Paused = true }, here, Grace, Now));
        Assert.Equal(ReleaseCause.ModeChanged, RotationRules.WhyFreed(Held(1, by: 7) with { InRotation = false }, here, Grace, Now));
        Assert.Equal(ReleaseCause.NotAllowed, RotationRules.WhyFreed(Held(1, by: 7) with { Allowed = new HashSet<long> { 8 } }, here, Grace, Now));
        Assert.Equal(ReleaseCause.Disabled, RotationRules.WhyFreed(Held(1, by: 7), null, Grace, Now));
        Assert.Null(RotationRules.WhyFreed(Profile(1), null, Grace, Now));
    }

    [Fact]
    public void Plan_HolderGone_GoesToTheNextOrIsFreed()
    {
        var gone = new Dictionary<long, HolderFacts> { [7] = new(7, true, PresenceState.Offline, Now) };

        var plan = RotationRules.Plan([Held(1, by: 7), Held(2, by: 7), Held(3, by: 7) with { InRotation = false, Paused = true }], gone, [Entry(8)], 1, Grace, Now);

        Assert.Equal(
            [(1, ReleaseCause.Left, 8L), (2, ReleaseCause.Left, null), (3, ReleaseCause.Paused, (long?)null)],
            plan.Select(m => ((int)m.Profile.Id, m.Why!.Value, m.To?.ModeratorId)));
    }

    [Fact]
    public void Next_PassesOverWhoMayNotWhoGaveItBackAndWhomItIsNotLockedFor()
    {
        LineEntry[] line = [Entry(7), Entry(8), Entry(9)];
        Assert.Equal(8, RotationRules.Next(Profile(1) with { AvoidId = 7 }, line)!.ModeratorId);
        Assert.Equal(9, RotationRules.Next(Profile(1) with { Allowed = new HashSet<long> { 9 } }, line)!.ModeratorId);
        Assert.Equal(8, RotationRules.Next(Profile(1) with { LockedForId = 8 }, line)!.ModeratorId);
        Assert.Null(RotationRules.Next(Profile(1) with { LockedForId = 5 }, line));
        Assert.Null(RotationRules.Next(Profile(1), []));
    }

    [Fact]
    public void Plan_AnyInput_KeepsTheRulesAndIsIndependentOfOrder()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var profiles = Enumerable.Range(1, random.Next(12)).Select(i => random.Next(3) == 0
                ? Held(i, by: random.Next(1, 9)) with { Priority = random.Next(2) }
                : Profile(i) with { Allowed = random.Next(3) == 0 ? new HashSet<long> { random.Next(1, 9) } : null, AvoidId = random.Next(4) == 0 ? random.Next(1, 9) : null })
                .ToList();
            var holders = Enumerable.Range(1, 8).ToDictionary(i => (long)i, i => new HolderFacts(i, random.Next(5) > 0, (PresenceState)random.Next(3), Now.AddSeconds(-random.Next(120))));
            var line = Enumerable.Range(1, 8).Where(_ => random.Next(2) == 0).Select(i => Entry(i, random.Next(3), random.Next(2), random.Next(4))).ToList();

            var plan = RotationRules.Plan(profiles, holders, line, 3, Grace, Now);

            Assert.Equal(plan.Count, plan.Select(m => m.Profile.Id).Distinct().Count());
            foreach (var move in plan.Where(m => m.To is not null))
            {
                Assert.True(move.Profile.InRotation && move.Profile.MayServe(move.To!.ModeratorId) && move.Profile.AvoidId != move.To.ModeratorId);
                Assert.Contains(line, e => e.ModeratorId == move.To!.ModeratorId);
            }
            foreach (var given in plan.Where(m => m.To is not null).GroupBy(m => m.To!.ModeratorId))
                Assert.True(given.Count() + line.First(e => e.ModeratorId == given.Key).Held <= 3);
            var again = RotationRules.Plan([.. profiles.OrderBy(_ => random.Next())], holders, [.. line.OrderBy(_ => random.Next())], 3, Grace, Now);
            Assert.Equal(plan.Select(m => (m.Profile.Id, m.Why, m.To?.ModeratorId)), again.Select(m => (m.Profile.Id, m.Why, m.To?.ModeratorId)));
        }
    }

    [Fact]
    public void PlanRebalance_SomebodyHasNone_GetsTheLongestHeldQuietOneOfWhoHasMost()
    {
        RotatingProfile[] profiles = [Held(1, by: 7, hours: 3), Held(2, by: 7, hours: 2), Held(3, by: 7, hours: 1), Held(4, by: 8, hours: 5)];
        RotationMove? Plan(long[] busy, int held = 0) => RotationRules.PlanRebalance(profiles, [Entry(9, held: held)], busy.ToHashSet(), 2, TimeSpan.FromMinutes(5), Now);

        Assert.Equal((1L, 9L), (Plan([])!.Profile.Id, Plan([])!.To!.ModeratorId));
        Assert.Equal(2, Plan([1])!.Profile.Id);
        Assert.Null(Plan([1, 2, 3]));
        // Three and two differ by one only.
        Assert.Null(Plan([], held: 2));
    }

    [Fact]
    public void PlanRebalance_ChangedHandsAMomentAgo_Stays() => Assert.Null(RotationRules.PlanRebalance(
        [Held(1, by: 7, hours: 0), Held(2, by: 7, hours: 0)], [Entry(9)], new HashSet<long>(), 2, TimeSpan.FromMinutes(5), Now));

    private static readonly Dictionary<long, HolderFacts> Nobody = [];

    private static RotatingProfile Profile(long id) => new(id, $"P{id}", true, false, 0, null, 0, null, null, null, null);

    private static RotatingProfile Held(long id, long by, int hours = 1) => Profile(id) with { HolderId = by, HolderSince = Now.AddHours(-hours) };

    private static LineEntry Entry(long id, int at = 0, int priority = 0, int held = 0) => new(id, $"M{id}", priority, held, Now.AddMinutes(at - 60), 0);
}
