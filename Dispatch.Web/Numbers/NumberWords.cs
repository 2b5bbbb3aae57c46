using Dispatch.Core.Matching;
using Dispatch.Core.Numbers;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Numbers;

/// <summary>Numbers, their events and what became of a wish, in plain sentences of the person's language.</summary>
public sealed class NumberWords(IStringLocalizer<Resources.Numbers> words, IStringLocalizer<Resources.NumberPages> pages)
{
    public string this[string key] => words[key];

    /// <summary>How it is and why, in one sentence or two.</summary>
    public string Sentence(NumberRow number) => Sentence(number, number.State, number.QrNumber, number.Why);

    /// <summary>The same for what a code view says, which may be newer than the row.</summary>
    public string Sentence(NumberRow number, CodeView code) => Sentence(number, code.State, code.QrNumber, code.Why);

    /// <summary>What became of a wish; null: it came true.</summary>
    public string? Refusal(NumberOutcome outcome) => outcome.Succeeded ? null : words["Result_" + outcome.Result].Value;

    public string? Refusal(WorkerResult result) => result == WorkerResult.Done ? null : words["WorkerResult_" + result].Value;

    public string Name(NumberTrigger kind) => words["Event_" + kind];

    public string Event(NumberEventRow e)
    {
        var text = words["Event_" + e.Kind].Value;
        return e is { Kind: NumberTrigger.QrGenerated, QrNumber: { } n } ? pages["CodeNumber", text, n, QrSchedule.Codes] : text;
    }

    /// <summary>Why; null: the event says it all.</summary>
    public string? Why(NumberEventRow e) => NumberSentences.Why(e.Reason, e.Code) is { } key ? words[key].Value : null;

    /// <summary>Who said it: the person where there is one, the worker by its id.</summary>
    public string Source(NumberEventRow e) => e switch
    {
        { Actor: { } person } => person,
        { Source: NumberSource.Worker, WorkerId: { } worker } => pages["WorkerNamed", worker],
        _ => words["Source_" + e.Source],
    };

    private string Sentence(NumberRow number, NumberState state, int qrNumber, string? why)
    {
        var said = pages["Sentence_" + state, PhoneNumbers.Show(number.Phone), number.ClientName, number.WorkerId ?? "-", qrNumber, QrSchedule.Codes, number.NextWorkerId ?? "-"].Value;
        // Why a client was rejected is in the words of whoever did it.
        return why is null || state == NumberState.Rejected ? said : said + " " + words[why].Value;
    }
}
