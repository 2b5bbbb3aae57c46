namespace Dispatch.Web.Startup;

/// <summary>A background task that failed and that nobody waited for is a defect: it is said in the log instead of vanishing with the task.</summary>
internal static partial class UnobservedExceptions
{
    public static void LogUnobservedExceptions(this WebApplication app)
    {
        var log = app.Logger;
        TaskScheduler.UnobservedTaskException += Say;
        // The event outlives the host; what listens to it must not.
        app.Lifetime.ApplicationStopped.Register(() => TaskScheduler.UnobservedTaskException -= Say);

        void Say(object? sender, UnobservedTaskExceptionEventArgs lost)
        {
            LogLost(log, lost.Exception);
            lost.SetObserved();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A task failed that nobody waited for")]
    private static partial void LogLost(ILogger logger, Exception error);
}
