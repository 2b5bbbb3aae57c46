using System.Collections;
using Microsoft.Extensions.Logging.Console;

namespace Dispatch.Web.Startup;

/// <summary>
/// The server puts the address of each request around all that is logged in it, and addresses here hold tokens (a link to a QR code, to an offer, to the first password). The JSON lines
/// need what else is around them, the trace; so the console gets the scopes without the address.
/// </summary>
internal static class LogScopes
{
    private const string Path = "RequestPath";

    public static void HidePaths(this ILoggingBuilder logging)
    {
        var console = logging.Services.Single(d => d.ServiceType == typeof(ILoggerProvider) && d.ImplementationType == typeof(ConsoleLoggerProvider));
        logging.Services.Remove(console);
        logging.Services.AddSingleton<ILoggerProvider>(services => new ConsoleWithoutPaths(ActivatorUtilities.CreateInstance<ConsoleLoggerProvider>(services)));
    }

    /// <summary>Named as the provider it stands for: <c>Logging:Console:LogLevel</c> goes on to mean it.</summary>
    [ProviderAlias("Console")]
    private sealed class ConsoleWithoutPaths(ConsoleLoggerProvider console) : ILoggerProvider, ISupportExternalScope
    {
        public ILogger CreateLogger(string categoryName) => console.CreateLogger(categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => console.SetScopeProvider(new ScopesWithoutPaths(scopeProvider));

        public void Dispose() => console.Dispose();
    }

    private sealed class ScopesWithoutPaths(IExternalScopeProvider scopes) : IExternalScopeProvider
    {
        public IDisposable Push(object? state) => scopes.Push(state);

        public void ForEachScope<TState>(Action<object?, TState> callback, TState state) =>
            scopes.ForEachScope(static (scope, given) => given.callback(Without(scope), given.state), (callback, state));

        private static object? Without(object? scope) =>
            scope is IEnumerable<KeyValuePair<string, object?>> values && values.Any(v => v.Key == Path) ? new WithoutPath([.. values.Where(v => v.Key != Path)]) : scope;
    }

    private sealed class WithoutPath(IReadOnlyList<KeyValuePair<string, object?>> values) : IEnumerable<KeyValuePair<string, object?>>
    {
        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => values.GetEnumerator();

        // The formatter also writes a scope as a sentence.
        public override string ToString() => string.Join(' ', values.Select(v => $"{v.Key}:{v.Value}"));
    }
}
