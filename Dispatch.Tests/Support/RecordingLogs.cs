using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Dispatch.Tests.Support;

/// <summary>What Dispatch complained about (not EF, which also reports as errors what is done again after a deadlock). A test that expects a quiet run asserts that <see cref="Errors"/> is empty.</summary>
public sealed class RecordingLogs : ILoggerProvider
{
    public ConcurrentQueue<string> Errors { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(RecordingLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && category.StartsWith("Dispatch", StringComparison.Ordinal)) logs.Errors.Enqueue($"{category}: {formatter(state, exception)} {exception}");
        }
    }
}
