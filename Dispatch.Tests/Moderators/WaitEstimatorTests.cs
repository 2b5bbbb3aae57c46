using Dispatch.Core.Moderators;
using Xunit;

namespace Dispatch.Tests.Moderators;

public sealed class WaitEstimatorTests
{
    private static readonly DateTime Now = new(2026, 11, 2, 10, 0, 0, DateTimeKind.Utc);

    private static List<DateTime> Every(TimeSpan gap, int times) => [.. Enumerable.Range(0, times).Select(i => Now - (gap * i))];

    [Fact]
    public void Estimate_TooFewObservations_IsUnknown()
    {
        Assert.Null(WaitEstimator.Estimate([], 1, Now));
        Assert.Null(WaitEstimator.Estimate(Every(TimeSpan.FromMinutes(1), 10), 1, Now));
        Assert.NotNull(WaitEstimator.Estimate(Every(TimeSpan.FromMinutes(1), 11), 1, Now));
    }

    [Fact]
    public void Estimate_NotInTheQueue_IsUnknown() => Assert.Null(WaitEstimator.Estimate(Every(TimeSpan.FromMinutes(1), 30), 0, Now));

    [Theory]
    [InlineData(1, 60, 60)]
    [InlineData(3, 180, 180)]
    [InlineData(7, 420, 420)]
    public void Estimate_EvenGaps_GrowWithThePlace(int place, int from, int to) =>
        Assert.Equal(
            new WaitEstimate(TimeSpan.FromSeconds(from), TimeSpan.FromSeconds(to)), WaitEstimator.Estimate(Every(TimeSpan.FromMinutes(1), 30), place, Now));

    [Fact]
    public void Estimate_UnevenGaps_IsTheMiddleHalfRoundedOutwards()
    {
        var at = Now;
        var given = new List<DateTime> { at };
        foreach (var gap in Enumerable.Repeat(new[] { 40, 100, 130, 200 }, 5).SelectMany(x => x)) given.Add(at -= TimeSpan.FromSeconds(gap));

        var wait = WaitEstimator.Estimate(given, 1, Now)!;

        Assert.Equal(TimeSpan.FromMinutes(1), wait.From);
        Assert.Equal(TimeSpan.FromMinutes(3), wait.To);
    }

    [Fact]
    public void Estimate_DoesNotDependOnTheOrderOfObservations()
    {
        var given = Every(TimeSpan.FromSeconds(50), 25);
        Assert.Equal(WaitEstimator.Estimate(given, 2, Now), WaitEstimator.Estimate([.. given.OrderBy(g => g.Second).ThenBy(g => g)], 2, Now));
    }

    [Fact]
    public void Estimate_OldAssignments_SayNothing()
    {
        var yesterday = Every(TimeSpan.FromMinutes(1), 30).ConvertAll(g => g - TimeSpan.FromDays(1));
        Assert.Null(WaitEstimator.Estimate(yesterday, 1, Now));
    }

    [Fact]
    public void Estimate_AllAtOnce_IsNeverZero() =>
        Assert.Equal(new WaitEstimate(TimeSpan.Zero, TimeSpan.FromSeconds(15)), WaitEstimator.Estimate([.. Enumerable.Repeat(Now, 40)], 1, Now));

    [Fact]
    public void Estimate_AQuietHourAfterABusyOne_IsLonger()
    {
        // 11 assignments a minute apart, the last one an hour ago: the open gap is one observation of eleven and moves the upper end.
        var given = Every(TimeSpan.FromMinutes(1), 11).ConvertAll(g => g - TimeSpan.FromHours(1));
        var wait = WaitEstimator.Estimate(given, 1, Now)!;
        Assert.True(wait.To >= wait.From);
        Assert.True(wait.To >= TimeSpan.FromMinutes(1));
    }
}
