using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Layout;

/// <summary>What a page shows instead of itself after an unexpected error: no details, but an id that the log has too.</summary>
public sealed partial class PageFailed
{
    private readonly string _id = Guid.NewGuid().ToString("N")[..8];

    [Parameter, EditorRequired]
    public Exception Error { get; set; } = null!;

    [Parameter]
    public EventCallback OnRetry { get; set; }

    [Inject]
    public required ILogger<PageFailed> Logger { get; set; }

    protected override void OnInitialized() => LogPageFailed(Logger, Error, _id);

    [LoggerMessage(Level = LogLevel.Error, Message = "A page failed ({Id})")]
    private static partial void LogPageFailed(ILogger logger, Exception error, string id);
}
