using Dispatch.Core.Matching;

namespace Dispatch.Tests.Matching;

public class MatchingRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 8, 0, 0, DateTimeKind.Utc);
    private static readonly MatchingSettings Settings = new();
    private static readonly SearchFacts Search = new(14.67, -17.43, null, [], PriorityMode.RecentActivity, WavePolicy.AllAtOnce, 1);

    [Fact]
    public void Select_ByRecentActivity_NewestFirstThenId()
    {
        var selection = MatchingRules.Select(
            Search, [new(1, null, null, Now), new(2, null, null, Now.AddSeconds(5)), new(3, null, null, null), new(4, null, null, Now.AddSeconds(5))], Settings);
        Assert.Equal([2, 4, 1, 3], selection.Chosen.Select(c => c.DriverId));
    }

    [Fact]
    public void Select_ByDistance_NearestFirstAndUnknownLast()
    {
        var selection = MatchingRules.Select(
            Search with { Priority = PriorityMode.Distance }, [new(1, null, null, Now), new(2, 14.75, -17.43, Now), new(3, 14.68, -17.43, Now)], Settings);
        Assert.Equal([3, 2, 1], selection.Chosen.Select(c => c.DriverId));
        Assert.InRange(selection.Chosen[0].Distance!.Value, 1.10, 1.12);
    }

    [Theory]
    [InlineData(0, false, false, null)]
    [InlineData(1, false, false, null)]
    [InlineData(2, false, false, Exclusion.AskedEnough)]
    [InlineData(1, true, false, Exclusion.Refused)]
    [InlineData(1, false, true, Exclusion.AlreadyAsked)]
    public void Excludes_ByWhatHeDid(int asked, bool refused, bool open, Exclusion? expected) =>
        Assert.Equal(expected, MatchingRules.Excludes(Search, new Candidate(1, null, null, Now, asked, refused, open), null, Settings));

    [Theory]
    [InlineData(WavePolicy.AllAtOnce, 1, int.MaxValue)]
    [InlineData(WavePolicy.NearFirst, 1, 10)]
    [InlineData(WavePolicy.NearFirst, 2, int.MaxValue)]
    [InlineData(WavePolicy.Progressive, 1, 10)]
    [InlineData(WavePolicy.Progressive, 3, 40)]
    public void WaveSize_OfEachPolicy(WavePolicy policy, int wave, int expected) => Assert.Equal(expected, MatchingRules.WaveSize(policy, wave, 10));

    [Theory]
    [InlineData(0, 30)]
    [InlineData(285, 300)]
    public void Expiry_NeverAfterTheDeadline(int at, int expected) =>
        Assert.Equal(Now.AddSeconds(expected), MatchingRules.Expiry(Now.AddSeconds(at), TimeSpan.FromSeconds(30), Now.AddSeconds(300)));

    [Fact]
    public void Closed_EveryEnding_HasItsAnswer()
    {
        foreach (var response in Enum.GetValues<DriverResponseKind>()) MatchingRules.Closed(response, null);
        foreach (var withdrawal in Enum.GetValues<OfferWithdrawal>()) MatchingRules.Closed(null, withdrawal);
        Assert.Throws<ArgumentException>(() => MatchingRules.Closed(null, null));
    }

    [Theory]
    [InlineData("1", DriverWord.Accept, null)]
    [InlineData(" OUI ", DriverWord.Accept, null)]
    [InlineData("Ok!", DriverWord.Accept, null)]
    [InlineData("J'accepte", DriverWord.Accept, null)]
    [InlineData("Accepter", DriverWord.Accept, null)]
    [InlineData("yes 42", DriverWord.Accept, 42L)]
    [InlineData("1 #42", DriverWord.Accept, 42L)]
    [InlineData("2", DriverWord.Refuse, null)]
    [InlineData("Refuser", DriverWord.Refuse, null)]
    [InlineData("non.", DriverWord.Refuse, null)]
    [InlineData("PRÊT", DriverWord.Resume, null)]
    [InlineData("annuler", DriverWord.BackOut, null)]
    public void DriverAnswer_Understood(string text, DriverWord word, long? booking) => Assert.Equal(new DriverAnswer(word, booking), DriverAnswerRules.Parse(text));

    [Theory]
    [InlineData("12")]
    [InlineData("ok je viens dans dix minutes")]
    [InlineData("oui mais pas maintenant")]
    [InlineData("")]
    [InlineData("Bonjour")]
    [InlineData("oui 0")]
    public void DriverAnswer_AMessage_IsNone(string text) => Assert.Null(DriverAnswerRules.Parse(text));

    [Theory]
    [InlineData("+221 77 123 45 67", "221771234567")]
    [InlineData("00221.77.123.45.67", "221771234567")]
    [InlineData("(221) 77-123-45-67", "221771234567")]
    [InlineData("0612345678", null)]
    [InlineData("12345", null)]
    [InlineData("call me", null)]
    [InlineData("1234567890123456", null)]
    public void Phone_Read(string text, string? expected) => Assert.Equal(expected, PhoneNumbers.Read(text));

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1 }, 0)]
    [InlineData(new[] { 0, 0, 0, 4 }, 0.75)]
    [InlineData(new int[0], 0)]
    [InlineData(new[] { 0, 0 }, 0)]
    public void Gini_Of(int[] values, double expected) => Assert.Equal(expected, Statistics.Gini(values), 9);

    [Fact]
    public void Template_EveryStandardText_NamesOnlyWhatItMay() => Assert.All(
        from key in Enum.GetValues<TemplateKey>() from language in TemplateService.Languages select (key, language),
        t => Assert.Empty(TemplateRules.Check(t.key, TemplateTexts.Standard(t.key, t.language))));

    [Fact]
    public void Fill_EmptyPlaceholderOnItsOwnLine_GoesWithIt()
    {
        Assert.Equal("Prix :\nA", TemplateRules.Fill("Prix : {price}\n💰 {price}\nA", ("price", "")));
        Assert.Equal("{drop} B", TemplateRules.Fill("{pickup} {drop}", ("pickup", "{drop}"), ("drop", "B")));
    }
}
