using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dispatch.Core.Outreach;

/// <summary>When messages may leave, by the wall clock of a zone.</summary>
/// <param name="Days">Empty: every day.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive; 00:00 is the end of the day. Later than <paramref name="From"/>: hours over midnight are two windows.</param>
public sealed record SendWindow(IReadOnlyList<DayOfWeek> Days, TimeOnly From, TimeOnly To)
{
    [JsonIgnore]
    public TimeSpan Start => From.ToTimeSpan();

    [JsonIgnore]
    public TimeSpan End => To == default ? TimeSpan.FromDays(1) : To.ToTimeSpan();

    public bool IsOn(DayOfWeek day) => Days.Count == 0 || Days.Contains(day);
}

/// <summary>A new account begins with few messages a day and reaches its quotas after some days.</summary>
/// <param name="Start">Messages of a type on the first day. 1 to 10,000.</param>
/// <param name="Days">Until the full quota. 1 to 365.</param>
/// <param name="From">The first day, local.</param>
public sealed record WarmUp(int Start, int Days, DateOnly From);

/// <summary>How an account may send. Stored as JSON with the account.</summary>
public sealed record AccountPlan
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Empty: always.</summary>
    public IReadOnlyList<SendWindow> Windows { get; init; } = [];

    /// <summary>Local days on which nothing leaves.</summary>
    public IReadOnlyList<DateOnly> Holidays { get; init; } = [];

    /// <summary>Messages a local day, by action type; a type that is not there has no quota.</summary>
    public IReadOnlyDictionary<ActionType, int> Quotas { get; init; } = new Dictionary<ActionType, int>();
    public WarmUp? WarmUp { get; init; }

    /// <summary>Seconds between two messages of the account. 0: none.</summary>
    public int MinGapSeconds { get; init; }

    /// <summary>Of the provider, for what may not go as text.</summary>
    public IReadOnlyList<PlanTemplate> Templates { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    public static AccountPlan FromJson(string json) => JsonSerializer.Deserialize<AccountPlan>(json, Options)!;
}
