using Dispatch.Core.Broker;
using Dispatch.Core.Matching;

namespace Dispatch.Core.Numbers;

/// <summary>What a client and his number may be. Pure; the page and the API both ask here.</summary>
public static class ClientRules
{
    public const int MaxName = 120, MaxReason = 500;

    public static bool IsName(string? name) => name?.Trim() is { Length: > 0 and <= MaxName };

    public static bool IsReason(string? reason) => reason?.Trim() is { Length: > 0 and <= MaxReason };

    /// <summary>The digits of an E.164 number; null: it is none.</summary>
    public static string? Phone(string? text) => PhoneNumbers.Read(text);
}

/// <summary>What a worker may be called and hold. Pure.</summary>
public static class WorkerRules
{
    public const int MaxId = WorkerRoute.MaxIdLength, MaxCapacity = 10_000, MaxSoftware = 120, MaxVirtualHost = 100;

    /// <summary>1 to 64 ASCII letters, digits, dashes and underscores; no dot, which would end a word of a routing key.</summary>
    public static bool IsId(string? id) => WorkerRoute.IsWorkerId(id);

    public static bool IsCapacity(int capacity) => capacity is > 0 and <= MaxCapacity;

    /// <summary>Where a new number goes: the most room of those that are up, then the fewest numbers, then the id; null: nobody has room.</summary>
    /// <param name="except">Not this one: it is being left.</param>
    public static string? Pick(IEnumerable<Worker> workers, string? except = null) => workers
        .Where(w => w.State == WorkerState.Up && w.Held < w.Capacity && !string.Equals(w.Id, except, StringComparison.Ordinal))
        .OrderByDescending(w => (double)(w.Capacity - w.Held) / w.Capacity).ThenBy(w => w.Held).ThenBy(w => w.Id, StringComparer.Ordinal)
        .Select(w => w.Id).FirstOrDefault();
}
