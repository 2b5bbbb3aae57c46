using System.Diagnostics;

namespace Dispatch.Core.Telemetry;

/// <summary>
/// The activities of Dispatch itself, under the source <c>Dispatch</c>; the web framework's own begin a trace where a gateway calls. Their tags are ids and outcomes, never a
/// name, a number or a text. Documented in <c>docs/operations/telemetry.md</c>.
/// </summary>
public static class Traces
{
    public const string SourceName = "Dispatch";

    public const string Store = "dispatch.inbound.store", Place = "dispatch.conversation.place", Read = "dispatch.screen.read", Send = "dispatch.gateway.send";

    /// <summary>Every activity there is: what the documentation has to have.</summary>
    public static IReadOnlyList<string> All { get; } = [Store, Place, Read, Send];

    internal static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Where the caller stands in his trace; default: nobody traces.</summary>
    public static ActivityContext Here => Activity.Current?.Context ?? default;

    /// <summary>An activity that ended now and began at <paramref name="start"/>: for work that was done together with others' and is told of each.</summary>
    internal static void Tell(string name, ActivityContext parent, DateTimeOffset start, params ReadOnlySpan<(string Key, object? Value)> tags)
    {
        if (!Source.HasListeners()) return;
        using var activity = Source.StartActivity(name, ActivityKind.Internal, parent, startTime: start);
        if (activity is null) return;
        foreach (var (key, value) in tags) activity.SetTag(key, value);
    }
}
