using System.Globalization;
using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>The whole page of an offer. A document of its own: no circuit, no framework script, no theme files; the form works with nothing but HTML.</summary>
public sealed partial class OfferDocument
{
    /// <summary>Null: not a link of ours.</summary>
    [Parameter]
    public OfferView? Offer { get; set; }

    /// <summary>The answer could not be taken; it may be given again.</summary>
    [Parameter]
    public bool Failed { get; set; }

    private bool IsOpen => Offer is { State: null };
    private string Until => Offer!.AnswerUntil.ToString("T", CultureInfo.CurrentCulture);
    private string PickupAt => $"{Offer!.PickupAt.ToString("ddd d MMM", CultureInfo.CurrentCulture)} {Offer.PickupAt.ToString("t", CultureInfo.CurrentCulture)}";
    private int SecondsToEnd => (int)Math.Ceiling((Offer!.ExpiresAt - Offer.ReadAt).TotalSeconds) + 1;

    private string Sentence => Offer switch
    {
        null => Words[nameof(ResponseAction.NotOffered)],
        { State: ResponseAction.AlreadyTaken, LostByMs: { } late } => Words["AlreadyTakenBy", Late(late)],
        _ => Words[(Offer.State ?? ResponseAction.OfferExpired).ToString()],
    };

    private static string Late(long milliseconds) => milliseconds switch
    {
        < 1000 => $"{milliseconds} ms",
        < 60_000 => $"{milliseconds / 1000} s",
        _ => $"{milliseconds / 60_000} min",
    };

    private string Kilometres(double distance) => Words["Kilometres", distance.ToString(distance < 10 ? "0.0" : "0", CultureInfo.CurrentCulture)];
}
