using Dispatch.Core.Moderators;
using Dispatch.Web.Conversations;
using Dispatch.Web.Shared;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Queue;

/// <summary>A place and an expected wait as sentences.</summary>
public sealed class QueueWords(IStringLocalizer<Resources.Queue> words, IStringLocalizer<Resources.Text> text)
{
    public string Place(MyQueue queue) => queue.Position is { } position ? words["Place", Plural.Ordinal(position), queue.Of] : words["NotInQueue"];

    public string Wait(WaitEstimate? wait)
    {
        if (wait is null) return words["WaitUnknown"];
        var to = RelativeTime.Length(wait.To, text);
        return wait.From <= TimeSpan.Zero || wait.From == wait.To ? words["WaitUpTo", to] : words["WaitRange", RelativeTime.Length(wait.From, text), to];
    }
}
