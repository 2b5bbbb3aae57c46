using System.Globalization;
using Dispatch.Core.Matching;

namespace Dispatch.Tests.Matching;

public class SpokenTimeTests
{
    /// <summary>A Monday.</summary>
    private static readonly DateTime Now = new(2026, 3, 2, 10, 15, 0, DateTimeKind.Unspecified);

    [Theory]
    [InlineData("demain 8h", "2026-03-03 08:00")]
    [InlineData("Demain à 8h30 svp", "2026-03-03 08:30")]
    [InlineData("demain matin", "2026-03-03 08:00")]
    [InlineData("demain soir à 7h", "2026-03-03 19:00")]
    [InlineData("après-demain 14h", "2026-03-04 14:00")]
    [InlineData("18:30", "2026-03-02 18:30")]
    [InlineData("18h30", "2026-03-02 18:30")]
    [InlineData("à 18 heures", "2026-03-02 18:00")]
    [InlineData("9h", "2026-03-03 09:00")]
    [InlineData("in 20 minutes", "2026-03-02 10:35")]
    [InlineData("dans 20 minutes", "2026-03-02 10:35")]
    [InlineData("dans 20 mn", "2026-03-02 10:35")]
    [InlineData("dans 2 heures", "2026-03-02 12:15")]
    [InlineData("dans 1h30", "2026-03-02 11:45")]
    [InlineData("dans une heure et demie", "2026-03-02 11:45")]
    [InlineData("dans une demi-heure", "2026-03-02 10:45")]
    [InlineData("in half an hour", "2026-03-02 10:45")]
    [InlineData("in an hour", "2026-03-02 11:15")]
    [InlineData("tomorrow 8am", "2026-03-03 08:00")]
    [InlineData("tomorrow at 8 pm please", "2026-03-03 20:00")]
    [InlineData("tonight 9:30", "2026-03-02 21:30")]
    [InlineData("ce soir 20h", "2026-03-02 20:00")]
    [InlineData("midi", "2026-03-02 12:00")]
    [InlineData("demain minuit", "2026-03-03 00:00")]
    [InlineData("lundi 9h", "2026-03-09 09:00")]
    [InlineData("jeudi à 9h15", "2026-03-05 09:15")]
    [InlineData("Friday 7pm", "2026-03-06 19:00")]
    [InlineData("12/03 14:00", "2026-03-12 14:00")]
    [InlineData("le 12 mars à 14h", "2026-03-12 14:00")]
    [InlineData("1/2 14h", "2027-02-01 14:00")]
    [InlineData("12 am", "2026-03-03 00:00")]
    [InlineData("maintenant", "2026-03-02 10:15")]
    [InlineData("now please", "2026-03-02 10:15")]
    public void Parse_Understood_IsThatMoment(string text, string expected) =>
        Assert.Equal(DateTime.Parse(expected, CultureInfo.InvariantCulture), SpokenTime.Parse(text, Now));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("demain")]
    [InlineData("25h")]
    [InlineData("18:75")]
    [InlineData("aujourd'hui 8h")]
    [InlineData("31/02 10h")]
    [InlineData("je ne sais pas")]
    [InlineData("pas demain 8h")]
    [InlineData("8h ou 9h")]
    [InlineData("13pm")]
    [InlineData("dans 900 jours")]
    [InlineData("2")]
    public void Parse_NotUnderstood_IsNull(string? text) => Assert.Null(SpokenTime.Parse(text, Now));

    [Fact]
    public void Parse_AnyText_NeverThrowsAndNeverLiesInThePast()
    {
        var random = new Random(11);
        string[] words = ["demain", "8h", "18:30", "in", "20", "minutes", "lundi", "29/02", "99/99/99", "soir", "12", "am", "pm", "\uD800", "é", "///", "::", "0h0", "h"];
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Join(' ', Enumerable.Range(0, random.Next(1, 6)).Select(_ => words[random.Next(words.Length)]));
            Assert.True(SpokenTime.Parse(text, Now) is not { } at || at >= Now, text);
        }
    }
}
