using Dispatch.Core.Conversations;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>What happened to a booking and why, the newest on top.</summary>
public sealed partial class BookingTimeLine
{
    private const int MaxNames = 12;

    [Parameter, EditorRequired]
    public IReadOnlyList<TimeLineItem> Items { get; set; } = [];

    /// <summary>Of drivers who were not asked, by id.</summary>
    [Parameter]
    public IReadOnlyDictionary<long, string> Names { get; set; } = new Dictionary<long, string>();

    /// <summary>": Awa, Moussa and 3 more"; whoever was not available is only counted.</summary>
    private string Named(WaveReport report, Exclusion reason, int count)
    {
        var names = report.LeftOut.Where(l => l.Reason == reason).Select(l => Names.GetValueOrDefault(l.DriverId)).OfType<string>().Take(MaxNames).ToList();
        if (names.Count == 0) return "";
        return ": " + string.Join(", ", names) + (count > names.Count ? " " + Words["AndMore", count - names.Count] : "");
    }

    private static string Class(TimeLineItem item) => item switch
    {
        StepItem { Event.Kind: BookingEventKind.Assigned or BookingEventKind.AssignedByHand or BookingEventKind.Completed } => "good",
        StepItem { Event.Kind: BookingEventKind.TimedOut or BookingEventKind.Failed or BookingEventKind.Cancelled or BookingEventKind.DriverBackedOut } => "bad",
        SentItem => "sent",
        _ => "",
    };

    private static string Icon(TimeLineItem item) => item switch
    {
        StepItem step => step.Event.Kind switch
        {
            BookingEventKind.Created or BookingEventKind.Scheduled => "add_circle",
            BookingEventKind.SearchStarted or BookingEventKind.Retried => "radar",
            BookingEventKind.WaveSent or BookingEventKind.Escalated or BookingEventKind.Widened => "campaign",
            BookingEventKind.LateDriverAsked => "person_add",
            BookingEventKind.NobodyLeft => "person_off",
            BookingEventKind.Assigned or BookingEventKind.AssignedByHand => "local_taxi",
            BookingEventKind.Rejected or BookingEventKind.LostRace => "close",
            BookingEventKind.DriverBackedOut => "undo",
            BookingEventKind.TimedOut => "timer_off",
            BookingEventKind.Cancelled => "cancel",
            BookingEventKind.Failed => "error",
            BookingEventKind.Completed => "check_circle",
            BookingEventKind.TimeChanged => "schedule",
            BookingEventKind.CustomerAsked => "help",
            BookingEventKind.CustomerAnswered => "question_answer",
            BookingEventKind.HandedToModerator => "support_agent",
        },
        AnswerItem { Offer: { LostByMs: not null } } => "sports_score",
        AnswerItem { Offer.Response: DriverResponseKind.Accepted } => "check",
        AnswerItem { Offer.Response: DriverResponseKind.Rejected } => "close",
        AnswerItem => "hourglass_disabled",
        SentItem { Messages: [{ Direction: MessageDirection.In }, ..] } => "reply",
        _ => "chat",
    };
}
