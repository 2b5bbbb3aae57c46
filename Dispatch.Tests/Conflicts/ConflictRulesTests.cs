using Dispatch.Core.Conflicts;

namespace Dispatch.Tests.Conflicts;

public class ConflictRulesTests
{
    private static readonly DateTime Eight = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void PrioritizeByTimestamp_SameInstant_TheLowerIdIsFirst() => Assert.Equal(
        [7, 3, 9], ConflictRules.PrioritizeByTimestamp([new(9, Eight.AddTicks(1)), new(3, Eight.AddTicks(1)), new(7, Eight)]).Select(c => c.ModeratorId));

    [Fact]
    public void PrioritizeByTimestamp_InAnyOrderOfArrival_IsTheSame()
    {
        var random = new Random(1);
        var all = Enumerable.Range(1, 50).Select(i => new Contender(i, Eight.AddTicks(i % 7))).ToArray();
        var expected = ConflictRules.PrioritizeByTimestamp(all);
        for (var i = 0; i < 20; i++)
        {
            random.Shuffle(all);
            Assert.Equal(expected, ConflictRules.PrioritizeByTimestamp(all));
        }
    }

    [Fact]
    public void PrioritizeByTimestamp_Twice_CountsOnceWithTheEarlierTime() => Assert.Equal(
        [new Contender(2, Eight), new Contender(1, Eight.AddSeconds(1))],
        ConflictRules.PrioritizeByTimestamp([new(1, Eight.AddSeconds(1)), new(2, Eight.AddSeconds(5)), new(2, Eight)]));

    [Fact]
    public void PrioritizeById_WhateverTheTime_TheLowerIdIsFirst() =>
        Assert.Equal([1, 2], ConflictRules.PrioritizeById([new(2, Eight), new(1, Eight.AddHours(1))]).Select(c => c.ModeratorId));

    [Fact]
    public void Decided_SaysByWhichRule()
    {
        Assert.Equal(ConflictRule.Timestamp, ConflictRules.Decided(new(2, Eight), new(1, Eight.AddTicks(1))));
        Assert.Equal(ConflictRule.ModeratorId, ConflictRules.Decided(new(1, Eight), new(2, Eight)));
    }
}
