using Dispatch.Core.Moderators;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Queue;

/// <summary>My place in the line for exclusive profiles, and what one can do about it: leave, come back, ask for a priority.</summary>
public sealed partial class ProfileLine
{
    /// <summary>What can be asked for: before those without a priority, or before everybody.</summary>
    private const int Sooner = 10, First = ModeratorQueueService.MaxPriority;

    private string _reason = "";
    private int _priority = Sooner;
    private string? _problem;
    private bool _asking;
    private bool _busy;

    [Parameter, EditorRequired]
    public QueueStatus Status { get; set; } = null!;

    [Parameter, EditorRequired]
    public long Me { get; set; }

    /// <summary>I hold as many profiles as allowed: there is nothing to wait for.</summary>
    [Parameter]
    public bool AtLimit { get; set; }

    /// <summary>My newest wish, decided or not; null: none.</summary>
    [Parameter]
    public MyPriorityRequest? Request { get; set; }

    /// <summary>Something changed: read again.</summary>
    [Parameter]
    public EventCallback OnChanged { get; set; }

    [Inject]
    public required ModeratorQueueService Line { get; set; }

    private QueueLineRow? Mine => Status.Line.FirstOrDefault(p => p.ModeratorId == Me);

    private IEnumerable<QueueLineRow> Before => Status.Line.TakeWhile(p => p.ModeratorId != Me);

    private Task LeaveAsync() => OnceAsync(async () => await Line.RemoveFromQueueAsync(Me) is var left and not QueueResult.NotWaiting ? left : QueueResult.Done);

    private Task JoinAsync() => OnceAsync(() => Line.AddToQueueAsync(Me));

    private Task AskAsync() => OnceAsync(async () => (await Line.RequestPriorityAsync(Me, _priority, _reason)).Result);

    private async Task OnceAsync(Func<Task<QueueResult>> work)
    {
        if (_busy) return;
        _busy = true;
        try
        {
            _problem = Sentences.Refusal(await work());
            if (_problem is null) (_asking, _reason) = (false, "");
        }
        finally
        {
            // Before looking around: a form that is shown with its error and still off swallows the next Enter.
            _busy = false;
        }
        await OnChanged.InvokeAsync();
    }
}
