using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Conversations;

/// <summary>How much somebody has of what he may have.</summary>
internal static class LoadWords
{
    /// <summary>"5 of 8", and "15, 7 above the limit of 8": a limit that was lowered takes nothing away from anybody.</summary>
    public static string Of(IStringLocalizer<Resources.Inbox> words, int open, int most) => open <= most ? words["Load", open, most] : words["LoadOver", open, most, open - most];
}
