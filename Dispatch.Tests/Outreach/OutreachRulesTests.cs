using Dispatch.Core.Gateways;
using Dispatch.Core.Outreach;

namespace Dispatch.Tests.Outreach;

/// <summary>Quotas, sequences, retries, breaker, policy and words, each in a table.</summary>
public sealed class OutreachRulesTests
{
    private static readonly DateTime Now = new(2026, 3, 2, 12, 0, 0, DateTimeKind.Utc);
    private static readonly SequenceOptions Sequences = new();

    [Theory]
    [InlineData("2026-02-20", 4)]
    [InlineData("2026-03-01", 4)]
    [InlineData("2026-03-02", 8)]
    [InlineData("2026-03-04", 16)]
    [InlineData("2026-03-05", 20)]
    [InlineData("2026-12-01", 20)]
    public void Limit_InTheWarmUp_GrowsToTheQuota(string day, int expected)
    {
        var plan = new AccountPlan
        {
            Quotas = new Dictionary<ActionType, int> { [ActionType.FirstContact] = 20, [ActionType.Reply] = 50 }, WarmUp = new WarmUp(4, 4, new DateOnly(2026, 3, 1)),
        };
        var date = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(expected, QuotaRules.Limit(plan, ActionType.FirstContact, date));
        Assert.Equal(50, QuotaRules.Limit(plan, ActionType.Reply, date));
        Assert.Null(QuotaRules.Limit(plan, ActionType.Followup, date));
    }

    [Theory]
    [InlineData(null, 5, 99, true)]
    [InlineData(10, 4, 5, true)]
    [InlineData(10, 5, 5, false)]
    [InlineData(10, 0, 11, false)]
    [InlineData(0, 0, 0, false)]
    public void ShouldProcessToday_CountsWhatIsInHandToo(int? limit, int reserved, int used, bool expected) =>
        Assert.Equal(expected, QuotaRules.ShouldProcessToday(limit, reserved, used));

    [Fact]
    public void DetermineFollowupType_GoesThroughTheSequences()
    {
        static ProspectFacts P(ProspectStage stage = ProspectStage.Contacted, char? sequence = null, int step = 0, int? inboundDaysAgo = null, int outboundDaysAgo = 1, bool contacted = true) =>
            new(stage, sequence, step, contacted ? Now.AddDays(-9) : null, inboundDaysAgo is { } d ? Now.AddDays(-d) : null, Now.AddDays(-outboundDaysAgo));
        static string? Kind(ProspectFacts facts) => FollowupRules.DetermineFollowupType(facts, Sequences)?.Kind;

        Assert.Equal("send_followup_A1", Kind(P()));
        Assert.Equal("send_followup_A2", Kind(P(sequence: 'A', step: 1)));
        Assert.Equal("send_followup_C1", Kind(P(sequence: 'A', step: 3)));
        Assert.Null(Kind(P(sequence: 'C', step: 1)));
        Assert.Equal("send_followup_B1", Kind(P(ProspectStage.Answered, inboundDaysAgo: 2)));
        Assert.Equal("send_followup_B2", Kind(P(ProspectStage.Answered, 'B', 1, inboundDaysAgo: 4)));
        Assert.Equal("send_followup_C1", Kind(P(ProspectStage.Answered, 'B', 2, inboundDaysAgo: 4)));
        // He wrote last: an answer is owed.
        Assert.Null(Kind(P(ProspectStage.Answered, inboundDaysAgo: 1, outboundDaysAgo: 2)));
        Assert.Null(Kind(P(contacted: false)));
        Assert.Null(Kind(P(ProspectStage.Stopped)));
    }

    [Fact]
    public void Classify_EveryFailure_HasAClassAndADecision() => Assert.All(Enum.GetValues<SendFailure>(), failure =>
    {
        var decision = RetryRules.Decide(failure, 1, null, Now, 0.5, 5);
        Assert.Equal(failure == SendFailure.Unknown ? ActionStatus.Uncertain : failure is SendFailure.BadRecipient or SendFailure.BadContent or SendFailure.WindowClosed ? ActionStatus.Failed : ActionStatus.Pending, decision.Status);
        Assert.Equal(decision.Status == ActionStatus.Pending, decision.DueAt is not null);
        BreakerRules.After(failure, 0, Now);
    });

    [Theory]
    [InlineData(1, 0, 30)]
    [InlineData(1, 1, 45)]
    [InlineData(4, 0, 240)]
    [InlineData(19, 0, 3600)]
    [InlineData(10_000, 1, 5400)]
    public void Backoff_DoublesUpToAnHour(int attempts, double jitter, double seconds) => Assert.Equal(seconds, RetryRules.Backoff(attempts, jitter).TotalSeconds);

    [Fact]
    public void Breaker_OpensForWhatIsTheAccounts()
    {
        Assert.Equal(Now.AddHours(24), BreakerRules.After(SendFailure.AccountLimited, 0, Now)!.Until);
        Assert.Equal(Now.AddMinutes(10), BreakerRules.After(SendFailure.BadToken, 0, Now)!.Until);
        Assert.Null(BreakerRules.After(SendFailure.Unreachable, 0, Now)!.Until);
        Assert.Null(BreakerRules.After(SendFailure.Unreachable, 1, Now)!.Until);
        Assert.Equal(Now.AddMinutes(1), BreakerRules.After(SendFailure.Unreachable, 2, Now)!.Until);
        Assert.Equal(Now.AddMinutes(2), BreakerRules.After(SendFailure.Refused, 3, Now)!.Until);
        Assert.Equal(Now.AddMinutes(2), BreakerRules.After(SendFailure.TooMany, 1, Now)!.Until);
        Assert.Null(BreakerRules.After(SendFailure.BadRecipient, 0, Now));
        Assert.Null(BreakerRules.After(SendFailure.Unknown, 0, Now));
        Assert.Null(BreakerRules.After(null, 0, Now));
        Assert.Equal(new BreakerDecision(0, null, null), BreakerRules.After(null, 4, Now));
    }

    [Fact]
    public void Policy_FailsClosed()
    {
        var prospect = new Prospect { Name = "A", Address = "1", Language = "en", Automatic = true };
        DraftReason? Held(string? text = "fine", bool moderator = false, int today = 0, Prospect? who = null) => SendPolicy.Evaluate(new PolicyFacts(who ?? prospect, text, moderator, today));

        Assert.Null(Held());
        Assert.Equal(DraftReason.NoText, Held(null));
        Assert.Equal(DraftReason.ModeratorAnswers, Held(moderator: true));
        Assert.Equal(DraftReason.BadText, Held(new string('x', 5000)));
        Assert.Equal(DraftReason.BadText, Held("Hello {firstName}"));
        Assert.Equal(DraftReason.TooManyToday, Held(today: SendPolicy.MostPerDay));
        Assert.Equal(DraftReason.Stopped, Held(who: new Prospect { Name = "A", Address = "1", Language = "en" }));
    }

    [Theory]
    [InlineData("send_reply", ActionType.Reply)]
    [InlineData("send_first_contact", ActionType.FirstContact)]
    [InlineData("send_followup_A1", ActionType.Followup)]
    [InlineData("send_followup_C12", ActionType.Followup)]
    [InlineData("send_followup_D1", null)]
    [InlineData("send_followup_A0", null)]
    [InlineData("send_followup_A", null)]
    [InlineData("send_followup_A+1", null)]
    [InlineData("send_followup", null)]
    [InlineData("SEND_REPLY", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void TypeOf_OnlyKnowsTheSeedsKinds(string? kind, ActionType? expected) => Assert.Equal(expected, ActionKinds.TypeOf(kind));

    [Theory]
    [InlineData("STOP", true)]
    [InlineData(" stop. ", true)]
    [InlineData("désabonner", true)]
    [InlineData("Don't stop", false)]
    [InlineData("", false)]
    public void OptOut_IsTheWordAlone(string text, bool expected) => Assert.Equal(expected, FollowupRules.IsOptOut(text));

    [Fact]
    public void Fill_UsesValuesThenFallbacksThenStops()
    {
        var awa = new ProspectCard(1, "Awa Ndiaye", "1", null, "en");

        Assert.Equal("Awa Ndiaye, your team, Acme", MessageComposer.Fill("{name}, {company|your team}, {account}", awa, "Acme").Text);
        Assert.Equal("MissingValue:company", MessageComposer.Fill("{name} {company}", awa, "Acme").Problem);
        // What somebody is called is never read as a placeholder.
        Assert.Equal("{account}!", MessageComposer.Fill("{name}!", awa with { Name = "{account}" }, "Acme").Text);
    }

    [Fact]
    public void Texts_OfEveryStandardStep_ExistInEveryLanguageAndAreSound()
    {
        var kinds = new List<string> { ActionKinds.FirstContact };
        foreach (var sequence in "ABC") kinds.AddRange(Enumerable.Range(1, Sequences.Of(sequence).Count).Select(step => ActionKinds.FollowupOf(sequence, step)));

        Assert.Equal(kinds.Order(StringComparer.Ordinal), OutreachTexts.Kinds);
        Assert.All(kinds, kind => Assert.All(OutreachTexts.Languages, language => Assert.Empty(OutreachTemplates.Check(kind, language, 1, OutreachTexts.Of(kind, language) ?? ""))));
        Assert.Contains(OutreachTemplates.Check(ActionKinds.FirstContact, "en", 1, "Hello {nme}"), e => e.Code == "UnknownPlaceholder");
    }
}
