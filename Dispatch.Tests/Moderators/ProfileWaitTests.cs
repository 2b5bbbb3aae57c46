using Dispatch.Core.Moderators;

namespace Dispatch.Tests.Moderators;

public class ProfileWaitTests
{
    [Fact]
    public void Estimate_PlaceTimesHoldTimeByProfiles_AsARange()
    {
        var holds = Enumerable.Range(1, 21).Select(i => TimeSpan.FromMinutes(i)).ToList();

        // Quartiles 6, 11 and 16 minutes; place 4 of 2 profiles doubles them; rounded outwards to 5 minutes.
        Assert.Equal(new ProfileWait(22 * 60, 10 * 60, 35 * 60), ProfileWait.Estimate(holds, 4, 2));
    }

    [Theory]
    [InlineData(9, 1, 1)]
    [InlineData(10, 0, 1)]
    [InlineData(10, 1, 0)]
    public void Estimate_TooLittleKnown_IsUnknown(int observations, int place, int profiles) =>
        Assert.Null(ProfileWait.Estimate([.. Enumerable.Repeat(TimeSpan.FromMinutes(5), observations)], place, profiles));

    [Fact]
    public void Estimate_Ten_IsKnownAndNeverNow() => Assert.True(ProfileWait.Estimate([.. Enumerable.Repeat(TimeSpan.Zero, 10)], 1, 1)!.To > 0);

    [Fact]
    public void Accuracy_DistanceToTheRange()
    {
        static WaitObservation Waited(int seconds) => new() { FromSeconds = 100, ToSeconds = 200, WaitedSeconds = seconds };

        Assert.Equal(new WaitAccuracy(9, null, null), WaitAccuracy.Of([.. Enumerable.Repeat(150, 9).Select(Waited)]));
        Assert.Equal(new WaitAccuracy(10, 0.4, 30), WaitAccuracy.Of([Waited(100), Waited(150), Waited(200), Waited(199), Waited(70), Waited(230), Waited(300), Waited(20), Waited(500), Waited(90)]));
    }
}
