namespace Dispatch.Web.Api;

/// <summary>Section <c>Api</c>.</summary>
public sealed class ApiOptions
{
    public const string Section = "Api";

    /// <summary>Who knows one of these may use the API. None: the API is closed.</summary>
    public string[] Keys { get; set; } = [];
}
