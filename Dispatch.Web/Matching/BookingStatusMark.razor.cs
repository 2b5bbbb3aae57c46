using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

public sealed partial class BookingStatusMark
{
    [Parameter, EditorRequired]
    public BookingStatus Status { get; set; }

    /// <summary>Its search has begun: Pending is then a search, not a booking that waits for one.</summary>
    [Parameter]
    public bool Searching { get; set; }

    private string Word => BookingWords.StatusKey(Status, Searching);

    private string Icon => Status switch
    {
        BookingStatus.Scheduled => "schedule",
        BookingStatus.Pending => Searching ? "radar" : "radio_button_unchecked",
        BookingStatus.Accepted => "local_taxi",
        BookingStatus.Completed => "check_circle",
        BookingStatus.Cancelled => "cancel",
        BookingStatus.TimedOut => "timer_off",
        BookingStatus.Failed => "error",
    };

    private string Class => Status switch
    {
        BookingStatus.Accepted or BookingStatus.Pending => "live",
        BookingStatus.TimedOut or BookingStatus.Failed => "bad",
        BookingStatus.Scheduled or BookingStatus.Completed or BookingStatus.Cancelled => "",
    };
}
