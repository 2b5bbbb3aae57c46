using System.Globalization;

namespace Dispatch.Core.Gateways.Simulation;

/// <param name="Type">The gateway's word for it; the text is its caption then.</param>
internal sealed record SimulatedLine(string Text, string Type = "text")
{
    public static implicit operator SimulatedLine(string text) => new(text);
}

/// <summary>What a contact came for: how it begins, what follows each reply, how it ends.</summary>
/// <param name="French">Otherwise English.</param>
/// <param name="Turns">One entry per reply; after the last one comes <paramref name="Thanks"/>.</param>
/// <param name="Thanks">One of them is said.</param>
internal sealed record SimulatedScript(bool French, SimulatedLine[] Opening, SimulatedLine[][] Turns, string[] Thanks);

/// <summary>Fills the blanks of a script for one contact: order number, article, place, price.</summary>
internal sealed class SimulatedBlanks(Random random, bool french)
{
    private static readonly string[] FrenchItems =
        ["le boubou bleu", "les sandales en cuir", "le sac en wax", "la robe brodée", "le foulard", "les baskets blanches", "le kit solaire", "l'écouteur sans fil"];

    private static readonly string[] EnglishItems =
        ["the blue boubou", "the leather sandals", "the wax bag", "the embroidered dress", "the scarf", "the white sneakers", "the solar kit", "the wireless earbuds"];

    private static readonly string[] Places =
        ["Plateau", "Ouakam", "Almadies", "Grand Yoff", "Parcelles Assainies", "Mermoz", "Médina", "Rufisque", "Pikine", "Sacré-Cœur 3", "Ngor", "Point E"];

    private readonly string _reference = random.Next(10_000, 99_999).ToString(CultureInfo.InvariantCulture);
    private readonly string _item = french ? Pick(random, FrenchItems) : Pick(random, EnglishItems);
    private readonly string _place = Pick(random, Places);
    private readonly string _price = (random.Next(5, 60) * 500).ToString("N0", CultureInfo.GetCultureInfo("fr-FR")).Replace('\u202f', ' ').Replace('\u00a0', ' ');

    public string Fill(string text) => text
        .Replace("{ref}", _reference, StringComparison.Ordinal).Replace("{item}", _item, StringComparison.Ordinal)
        .Replace("{place}", _place, StringComparison.Ordinal).Replace("{price}", _price, StringComparison.Ordinal);

    internal static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
