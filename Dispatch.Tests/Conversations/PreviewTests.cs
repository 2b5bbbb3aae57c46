using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using FsCheck;
using FsCheck.Fluent;

namespace Dispatch.Tests.Conversations;

public class PreviewTests
{
    [Theory]
    [InlineData("hello", "hello")]
    [InlineData("  two\r\nlines\n", "two lines")]
    [InlineData("", "")]
    public void Preview_ShortText_IsOneLine(string text, string expected) => Assert.Equal(expected, InboundStore.Preview(text));

    [Fact]
    public void Preview_ExactlyAsLongAsItMayBe_IsWhole() => Assert.Equal(new string('x', 120), InboundStore.Preview(new string('x', 120)));

    [Fact]
    public void Preview_AnyText_FitsAndCutsNoEmojiInTwo()
    {
        var text = Gen.Elements("a", " ", "é", "😀", "👨‍👩‍👧", "\n").ArrayOf(130).Select(string.Concat);

        Prop.ForAll(text.ToArbitrary(), t =>
        {
            var preview = InboundStore.Preview(t);
            return preview.Length <= ConversationConfiguration.PreviewLength
                && !preview.Where((c, i) => char.IsHighSurrogate(c) && (i + 1 == preview.Length || !char.IsLowSurrogate(preview[i + 1]))).Any();
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Fit_WordsTooLongForTheirColumns_AreCutAndNothingElseIs()
    {
        var fit = InboundStore.Fit(new InboundMessage("id", "33600", new string('n', 119) + "😀", "text", "keep\0 this", default));

        Assert.Equal((119, "text", "keep this"), (fit.Name.Length, fit.Type, fit.Text));
    }
}
