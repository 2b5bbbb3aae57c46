using System.Globalization;
using Dispatch.Core.Broker;

namespace Dispatch.Web.Numbers;

/// <summary>The filters of the dead letters, as their address says.</summary>
/// <param name="Status">Null: all.</param>
public sealed record DeadLettersView(DeadLetterStatus? Status, DeadReason? Reason, string Worker, int Page)
{
    public const int PageSize = 50;
    public const string All = "all";

    /// <param name="status">Nothing, or nonsense: the open ones.</param>
    public static DeadLettersView Of(string? status, string? reason, string? worker, int? page) => new(
        string.Equals(status, All, StringComparison.OrdinalIgnoreCase) ? null : Read<DeadLetterStatus>(status) ?? DeadLetterStatus.Open, Read<DeadReason>(reason), worker?.Trim() ?? "",
        Math.Max(page ?? 1, 1));

    public DeadLetterSearch Filter => new(Status, Reason, Worker.Length > 0 ? Worker : null, (Page - 1) * PageSize, PageSize);

    public bool IsNarrowed => Reason is not null || Worker.Length > 0 || Status is not (null or DeadLetterStatus.Open);

    public string StatusWord => Status switch
    {
        null => All,
        DeadLetterStatus.Open => "",
        { } other => other.ToString().ToLowerInvariant(),
    };

    public string Url
    {
        get
        {
            List<string> parts = [];
            if (StatusWord.Length > 0) parts.Add("status=" + StatusWord);
            if (Reason is { } reason) parts.Add("reason=" + reason);
            if (Worker.Length > 0) parts.Add("worker=" + Uri.EscapeDataString(Worker));
            if (Page > 1) parts.Add("page=" + Page.ToString(CultureInfo.InvariantCulture));
            return parts.Count == 0 ? "/dead-letters" : "/dead-letters?" + string.Join('&', parts);
        }
    }

    private static T? Read<T>(string? word)
        where T : struct, Enum => Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null;
}
