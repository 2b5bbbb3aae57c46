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

    /// <summary>Of the link.</summary>
    [Parameter, EditorRequired]
    public string Token { get; set; } = "";

    [Inject]
    public required TimeProvider Clock { get; set; }

    private bool IsOpen => Offer is { Action: null };
    private string Until => Offer!.ExpiresLocal.ToString("T", CultureInfo.CurrentCulture);
    private string PickupAt => $"{Offer!.PickupLocal.ToString("ddd d MMM", CultureInfo.CurrentCulture)} {Offer.PickupLocal.ToString("t", CultureInfo.CurrentCulture)}";
    private int SecondsToEnd => (int)Math.Ceiling((Offer!.ExpiresAt - Clock.GetUtcNow().UtcDateTime).TotalSeconds) + 1;

    private string? CustomerPhone => Offer?.CustomerPhone is { } digits ? PhoneNumbers.Show(digits) : null;

    private string Sentence => Offer switch
    {
        null => Words[nameof(ResponseAction.NotOffered)],
        { Action: ResponseAction.AlreadyTaken, LostByMs: { } late } => Words["AlreadyTakenBy", Late(late)],
        _ => Words[(Offer.Action ?? ResponseAction.OfferExpired).ToString()],
    };

    private string Address(string answer) => $"{OfferEndpoints.Root}/{Uri.EscapeDataString(Token)}/{answer}";

    private static string Late(long milliseconds) => milliseconds switch
    {
        < 1000 => $"{milliseconds} ms",
        < 60_000 => $"{milliseconds / 1000} s",
        _ => $"{milliseconds / 60_000} min",
    };

    private string Kilometres(double distance) => Words["Kilometres", distance.ToString(distance < 10 ? "0.0" : "0", CultureInfo.CurrentCulture)];
}
