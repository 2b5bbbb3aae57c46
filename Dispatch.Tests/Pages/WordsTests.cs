using System.Globalization;
using System.Resources;
using Dispatch.Core.Alerts;
using Dispatch.Core.Audit;
using Dispatch.Core.Broker;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Gateways;
using Dispatch.Core.Locks;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Numbers;
using Dispatch.Core.Outreach;
using Dispatch.Core.Overview;
using Dispatch.Core.Profiles;
using Dispatch.Core.Reporting;
using Dispatch.Core.Retention;
using Dispatch.Core.Settings;
using Dispatch.Web.Conversations;
using Xunit;

namespace Dispatch.Tests.Pages;

/// <summary>Every decision has its sentence in both languages, whatever is added to an enum.</summary>
public sealed class WordsTests
{
    private static readonly CultureInfo French = CultureInfo.GetCultureInfo("fr");

    /// <summary>Every area there is: one that is added is looked at without being named here.</summary>
    public static TheoryData<string> Areas => [.. typeof(Dispatch.Web.Resources.Text).Assembly.GetTypes()
        .Where(t => string.Equals(t.Namespace, typeof(Dispatch.Web.Resources.Text).Namespace, StringComparison.Ordinal)).Select(t => t.Name)];

    [Fact]
    public void Report_ForAPhone_IsShortAndInTheLanguageAskedFor()
    {
        var now = new ReportFigures(1200, 300, 280, 12, 95, 600, 3600, 2, 50, 40, 10, 4, 1, 80, 3);
        var report = new Report(new ReportHead(7, ReportKind.Weekly, new DateOnly(2026, 3, 2), DateTime.UnixEpoch), new ReportBody(now, now with { Messages = 1000, Timeouts = 5, Opened = 1, Closed = 1, Sent = 1, Failed = 1, Matches = 1 }, []));
        var sentences = new Dispatch.Web.Reports.ReportSentences(Localizer<Dispatch.Web.Resources.Reports>(), Localizer<Dispatch.Web.Resources.Text>());
        var before = CultureInfo.CurrentUICulture;

        var (english, french) = (sentences.Say(report, "en").Split('\n'), sentences.Say(report, "fr").Split('\n'));

        Assert.Equal(["Report: Week from Monday, March 2, 2026", "What changed against the week before:", "- Messages in: 1,200, 20 % more than the week before (1,000)."], english[..3]);
        Assert.Equal(("Ce qui a changé par rapport à la semaine précédente\u00a0:", 8, 8), (french[1], english.Length, french.Length));
        Assert.Equal("More is on the page.", english[^1]);
        Assert.Same(before, CultureInfo.CurrentUICulture);
        Assert.InRange(string.Join('\n', french).Length, 100, 1000);
    }

    private static Microsoft.Extensions.Localization.IStringLocalizer<T> Localizer<T>() => new Microsoft.Extensions.Localization.StringLocalizer<T>(new Microsoft.Extensions.Localization.ResourceManagerStringLocalizerFactory(
        Microsoft.Extensions.Options.Options.Create(new Microsoft.Extensions.Localization.LocalizationOptions()), Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));

    [Theory]
    [MemberData(nameof(Areas))]
    public void Area_HasTheSameKeysInBothLanguages(string area)
    {
        var english = Keys(area, CultureInfo.InvariantCulture);
        Assert.NotEmpty(english);
        Assert.Equal(english.Order(StringComparer.Ordinal), Keys(area, French).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Decisions_AllHaveASentence()
    {
        string[] wanted =
        [
            .. Names<DecisionReason>("Reason_"), .. Names<Verdict>("Verdict_"), .. Names<SendFailure>("SendFailure_"), .. Names<PresenceState>("Presence_"),
            .. Names<ConversationStatus>("Conversation_"), .. Names<MessageStatus>("Message_"), .. MessageKinds.Labelled.Select(t => "Type_" + t),
        ];
        Assert.Empty(wanted.Except(Keys("Inbox", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Alerts_AllHaveASentence()
    {
        string[] wanted = [.. Names<AlertKind>("Alert_"), .. Names<AlertKind>("Kind_"), .. Names<AlertSeverity>("Severity_")];
        Assert.Empty(wanted.Except(Keys("Alerts", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        Assert.Empty(Names<Core.Health.NodeHealth>("Status_").Except(Keys("Health", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Reports_EveryFigureHasItsWords() =>
        Assert.Empty(Web.Reports.ReportWords.Keys.Select(k => "Figure_" + k).Except(Keys("Reports", CultureInfo.InvariantCulture), StringComparer.Ordinal));

    [Fact]
    public void Audit_EveryTrailAndKindHasItsWords()
    {
        string[] wanted =
        [
            .. Names<AuditTrail>("Trail_"), .. Names<AuditTrail>("TrailHelp_"), .. Names<AuditKind>("Audit_"), .. Names<AuditSubject>("Of_"), .. Names<ConversationEventKind>("Conversation_"), .. Names<BookingEventKind>("Booking_"),
        ];
        Assert.Empty(wanted.Except(Keys("Audit", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Overview_EveryTileRangeAndStateHasItsWords()
    {
        // Open matchings are never wrong in themselves; three count, so they have two forms; the parts underneath have a sentence each.
        string[] wanted =
        [
            .. Names<OverviewTile>("Tile_"), .. Names<OverviewRange>("Range_"), .. Names<HealthLevel>("Level_"), .. Names<BrokerStatus>("Broker_"), "Problem_Waiting", "Problem_Moderators", "Problem_Drivers",
            "Problem_Broker", "Problem_Loops", "Problem_Database", "Problem_Unsent", .. new[] { "Problem_Queue", "Problem_Numbers", "Problem_Actions", "Critical", "Warnings" }.SelectMany(t => new[] { t + "_one", t + "_other" }),
        ];
        Assert.Empty(wanted.Except(Keys("Overview", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Templates_PlaceholdersAllHaveAName()
    {
        string[] wanted = [.. TemplateTexts.Placeholders.Values.SelectMany(p => p).Distinct(StringComparer.Ordinal).Select(p => "Name_" + p)];
        Assert.Empty(wanted.Except(Keys("Templates", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void RotationAndLocks_AllHaveASentence()
    {
        string[] rotation =
        [
            .. Names<AssignmentCause>("Cause_"), .. Names<ReleaseCause>("Release_"),
            .. Names<HoldResult>("Hold_").Except(["Hold_Done", "Hold_Unchanged"], StringComparer.Ordinal),
            .. Names<FindingKind>("Finding_"), .. Names<FindingState>("FindingState_"),
            .. Names<QueueResult>("Queue_").Except(["Queue_Done", "Queue_Unchanged"], StringComparer.Ordinal),
        ];
        Assert.Empty(rotation.Except(Keys("Rotation", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        string[] locks =
        [
            .. Names<UnlockResult>("Unlock_").Except(["Unlock_Asked", "Unlock_Moved", "Unlock_Kept"], StringComparer.Ordinal),
            .. Names<ResolveResult>("Resolve_").Except(["Resolve_Done", "Resolve_AlreadyResolved"], StringComparer.Ordinal),
            .. Names<ConflictKind>("Lost_"), .. Names<ConflictKind>("Won_"), .. Names<ConflictKind>("Conflict_"), .. Names<ConflictRule>("Rule_"), .. Names<ConflictKind>("Kind_"),
            .. Names<ConflictResolution>("Resolution_"),
            .. Names<UnlockStatus>("Asked_").Concat(Names<UnlockStatus>("Held_")).Where(k => !k.EndsWith("_Open", StringComparison.Ordinal) && !k.EndsWith("_Moot", StringComparison.Ordinal)),
        ];
        Assert.Empty(locks.Except(Keys("Locks", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        string[] settings = [.. SettingCatalog.All.SelectMany(d => new[] { "Setting_" + d.Key, "Help_" + d.Key, "Group_" + d.Key.Split('.')[0] }), .. Names<RetentionKind>("Retention_")];
        Assert.Empty(settings.Except(Keys("Settings", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Numbers_EveryStateReasonAndResultHasItsWords()
    {
        string[] wanted =
        [
            .. Names<NumberState>("State_"), .. Names<NumberTrigger>("Event_"), .. Names<NumberVerdict>("Verdict_"), .. Names<NumberSource>("Source_"), .. Names<NumberHealth>("Health_"),
            .. Names<NumberReason>("Reason_").Except(["Reason_None", "Reason_ByCode"], StringComparer.Ordinal), .. CloseReasons.Told.Select(c => $"Code_{c}"), "Code_Other",
            .. Names<NumberButton>("Button_").Except(["Button_None"], StringComparer.Ordinal), .. Names<ClientStatus>("Client_"), .. Names<WorkerState>("Worker_"), .. Names<WorkerMode>("Mode_"),
            .. Names<NumberResult>("Result_").Except(["Result_Done"], StringComparer.Ordinal), .. Names<WorkerResult>("WorkerResult_").Except(["WorkerResult_Done"], StringComparer.Ordinal),
            .. Enum.GetNames<AlertKind>().Where(k => k.StartsWith("Number", StringComparison.Ordinal) || k.StartsWith("Worker", StringComparison.Ordinal)).Select(k => "Alert_" + k),
        ];
        Assert.Empty(wanted.Except(Keys("Numbers", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        // Every reason that can be shown is one of these.
        Assert.All(Enumerable.Range(400, 200), code => Assert.Contains(CloseReasons.Key(code), wanted));
    }

    [Fact]
    public void NumberPages_EverySentenceAndOutcomeHasItsWords()
    {
        string[] wanted =
        [
            .. Names<NumberState>("Sentence_"), .. Names<WorkerMode>("ModeHelp_"), .. Names<DeadReason>("DeadReason_"), .. Names<DeadLetterSource>("DeadSource_"),
            .. Names<DeadLetterStatus>("Dead_"), .. Names<DeadLetterDecision>("DeadEvent_"), .. Names<BrokerStatus>("Broker_"), "Broker_InProcess",
            .. Names<DeadLetterOutcome>("DeadOutcome_").Except(["DeadOutcome_Done"], StringComparer.Ordinal).SelectMany(k => new[] { k + "_one", k + "_other" }),
            .. Web.Numbers.NumbersView.Sorts.Select(s => "Sort_" + (s.Length == 0 ? "newest" : s)),
        ];
        Assert.Empty(wanted.Except(Keys("NumberPages", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Outreach_EveryStatusReasonAndOutcomeHasItsWords()
    {
        string[] wanted =
        [
            .. Names<ActionStatus>("Status_"), .. Names<ActionType>("Type_"), .. Names<ProspectStage>("Stage_"), .. Names<StopReason>("Stop_"), .. Names<DraftReason>("Draft_"),
            .. Names<Core.Outreach.WaitReason>("Wait_"), .. Names<Core.Outreach.WaitReason>("WaitUntil_"), .. Names<SendFailure>("Error_"), .. Names<ActionEnd>("Error_"), .. Names<ActionStep>("Step_"),
            .. Names<ActionStep>("Ask_").Concat(Names<ActionResult>("Bulk_")).SelectMany(k => new[] { k + "_one", k + "_other" }), .. Names<ActionResult>("Outcome_"),
            .. Names<ActionTab>("Tab_"), .. Names<ActionTab>("TabHelp_"), .. Names<ActionTab>("NoActions_"), .. Names<ProspectSort>("Sort_"),
            .. Names<ProspectResult>("Prospect_").Except(["Prospect_Done"], StringComparer.Ordinal), .. Names<AccountResult>("Account_").Except(["Account_Done"], StringComparer.Ordinal),
            .. Names<AccountProvider>("Provider_"), .. Names<ChannelProvider>("Provider_"), .. OutreachTexts.Languages.Select(l => "Language_" + l), .. "ABC".Select(l => "SequenceName_" + l),
        ];
        Assert.Empty(wanted.Except(Keys("Outreach", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Fact]
    public void Matching_EveryEventReasonAndMessageHasItsWords()
    {
        // These five count drivers, so they have two forms.
        string[] counted = ["SearchStarted", "WaveSent", "Escalated", "Widened", "Retried"];
        string[] bookings =
        [
            .. Names<BookingEventKind>("Event_").Except(counted.Select(c => "Event_" + c)), .. counted.Select(c => $"Event_{c}_other"), .. Names<Exclusion>("Exclusion_"),
            .. Names<BookingStatus>("Status_"), .. Names<DriverResponseKind>("Offer_"), .. Names<DriverResponseKind>("Answer_"), .. Names<OfferWithdrawal>("Withdrawn_"),
            .. Names<NextStepKind>("Next_"), .. Names<TemplateKey>("Kind_"), .. Names<CustomerStep>("Step_"), .. Names<WavePolicy>("Wave_"), .. Names<PriorityMode>("Priority_"),
        ];
        Assert.Empty(bookings.Except(Keys("Bookings", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        Assert.Empty(Names<DriverStatus>("Status_").Except(Keys("Drivers", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        Assert.Empty(Names<Reach>("Reach_").Concat(Names<HealthLevel>("Health_")).Except(Keys("Figures", CultureInfo.InvariantCulture), StringComparer.Ordinal));
        Assert.Empty(Enum.GetNames<ResponseAction>().Except(Keys("Offer", CultureInfo.InvariantCulture), StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("en", 1, "1st")]
    [InlineData("en", 2, "2nd")]
    [InlineData("en", 11, "11th")]
    [InlineData("en", 23, "23rd")]
    [InlineData("fr", 1, "1er")]
    [InlineData("fr", 2, "2e")]
    public void Ordinal_FollowsTheLanguage(string culture, int n, string expected)
    {
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(culture);
        Assert.Equal(expected, Plural.Ordinal(n));
    }

    [Theory]
    [InlineData("/?c=12&filter=unread&q=a%26b", 12L, "unread", " a&b ")]
    [InlineData("/", null, "nonsense", null)]
    public void InboxView_IsItsAddress(string url, long? open, string? filter, string? search) => Assert.Equal(url, InboxView.Of(open, filter, search).Url);

    private static IEnumerable<string> Names<T>(string prefix)
        where T : struct, Enum => Enum.GetNames<T>().Select(n => prefix + n);

    private static List<string> Keys(string area, CultureInfo culture)
    {
        var resources = new ResourceManager($"Dispatch.Web.Resources.{area}", typeof(Sentences).Assembly);
        return [.. resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)!.Cast<System.Collections.DictionaryEntry>().Select(e => (string)e.Key)];
    }
}
