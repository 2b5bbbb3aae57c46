using Dispatch.Core.Conversations;
using Dispatch.Core.Moderators;

namespace Dispatch.Tests.Moderators;

public class ActivityRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(PresenceState.Online, 60, 60, true)]
    [InlineData(PresenceState.Online, 59, 60, false)]
    [InlineData(PresenceState.Online, 60, 59, false)]
    [InlineData(PresenceState.Online, 3600, null, false)]
    [InlineData(PresenceState.Online, null, 60, true)]
    [InlineData(PresenceState.Away, 3600, 3600, false)]
    [InlineData(PresenceState.Offline, 3600, 3600, false)]
    public void IsInactive_NeedsBothSilenceAndSomebodyWaiting(PresenceState state, int? silent, int? waiting, bool expected) => Assert.Equal(
        expected, ActivityRules.IsInactive(new Activity(1, state, Before(silent), Before(waiting)), Minute, Now));

    [Fact]
    public void Next_TriesEachOnce_AtMostThreeTimes()
    {
        Agent[] agents = [Agent(1), Agent(2), Agent(3)];
        Assert.Equal((HopResult.Move, 2L), Of(ActivityRules.Next(agents, new HashSet<long> { 1 }, 0, 3)));
        Assert.Equal((HopResult.Move, 3L), Of(ActivityRules.Next(agents, new HashSet<long> { 1, 2 }, 1, 3)));
        Assert.Equal((HopResult.NobodyLeft, null), Of(ActivityRules.Next(agents, new HashSet<long> { 1, 2, 3 }, 2, 3)));
        Assert.Equal((HopResult.TooManyHops, null), Of(ActivityRules.Next([.. agents, Agent(4), Agent(5)], new HashSet<long> { 1, 2, 3, 4 }, 3, 3)));
    }

    [Fact]
    public void WhyOverloaded_NamesTheWorst()
    {
        static ModeratorLoad Load(int open, int waiting, int minutes) => new(1, "Ana", true, open, 8, waiting, waiting > 0 ? Now.AddMinutes(-minutes) : null, 0);
        Assert.Null(ActivityRules.WhyOverloaded(Load(7, 2, 1), Minute, Now));
        Assert.Equal(Overload.AtCapacity, ActivityRules.WhyOverloaded(Load(8, 2, 1), Minute, Now));
        Assert.Equal(Overload.TooManyWaiting, ActivityRules.WhyOverloaded(Load(5, 3, 1), Minute, Now));
        Assert.Equal(Overload.TooLongWaiting, ActivityRules.WhyOverloaded(Load(1, 1, 3), Minute, Now));
    }

    [Fact]
    public void ResponseTimes_SeveralMessagesBeforeAnAnswer_AreOneQuestion()
    {
        Spoken Say(MessageDirection direction, int minute) => new(1, direction, Now.AddMinutes(minute));

        var times = ResponseTimes.Of(
            [Say(MessageDirection.In, 0), Say(MessageDirection.In, 1), Say(MessageDirection.Out, 2), Say(MessageDirection.Out, 3), Say(MessageDirection.In, 10), Say(MessageDirection.Out, 16), Say(MessageDirection.In, 20)],
            Now.AddMinutes(25))[1];

        Assert.Equal(new ResponseTime(1, 2 * Minute, 4 * Minute, 6 * Minute, 5 * Minute, 2), times);
    }

    [Fact]
    public void ResponseTimes_OursOnlyOrTheirsOnly()
    {
        Assert.Equal(new ResponseTime(1, null, null, null, null, 0), ResponseTimes.Of([new Spoken(1, MessageDirection.Out, Now)], Now)[1]);
        Assert.Equal(new ResponseTime(1, null, null, null, Minute, 0), ResponseTimes.Of([new Spoken(1, MessageDirection.In, Now - Minute)], Now)[1]);
        Assert.Empty(ResponseTimes.Of([], Now));
    }

    private static (HopResult, long?) Of(Hop hop) => (hop.Result, hop.Decision.ChosenId);
    private static DateTime? Before(int? seconds) => seconds is { } s ? Now.AddSeconds(-s) : null;
    private static Agent Agent(long id) => new(id, $"M{id}", true, true, true, false, 0, 8, 0, id, null);
}
