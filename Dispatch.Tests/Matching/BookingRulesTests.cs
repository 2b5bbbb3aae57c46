using Dispatch.Core.Matching;

namespace Dispatch.Tests.Matching;

public class BookingRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(0, null)]
    [InlineData(-60, null)]
    [InlineData(-61, "Past")]
    [InlineData(-60 * 24 * 365, "Past")]
    [InlineData(60 * 24 * 365, null)]
    [InlineData(60 * 24 * 3654, "TooFar")]
    public void CheckTimes_OfAPickup_IsNotLongAgoNorInAnotherAge(int minutes, string? code)
    {
        var errors = BookingRules.CheckTimes(Now.AddMinutes(minutes), null, Now);
        Assert.Equal(code, errors.SingleOrDefault()?.Code);
        Assert.All(errors, e => Assert.Equal("pickupTime", e.Field));
    }

    [Fact]
    public void CheckTimes_WithoutPickupAndSearchedInThePast_NamesBoth() =>
        Assert.Equal([("pickupTime", "Missing"), ("startAt", "OutOfRange")], BookingRules.CheckTimes(null, Now.AddMinutes(-2), Now).Select(e => (e.Field, e.Code)));

    [Fact]
    public void IsOfTime_OnlyWhatWasRightWhenItWasAskedFirst() =>
        Assert.Equal([true, true, false], new[] { ("pickupTime", "Past"), ("startAt", "OutOfRange"), ("pickupTime", "TooFar") }.Select(e => BookingRules.IsOfTime(new FieldError(e.Item1, e.Item2, ""))));
}
