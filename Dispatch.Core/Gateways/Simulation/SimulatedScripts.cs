namespace Dispatch.Core.Gateways.Simulation;

/// <summary>What people write to a shop and to a courier, as they write it.</summary>
internal static class SimulatedScripts
{
    public static readonly string[] Names =
    [
        "Awa Diop", "Moussa Ndiaye", "Fatou Sarr", "Ibrahima Fall", "Aminata Sow", "Cheikh Gueye", "Mariama Ba", "Ousmane Diallo", "Khady Faye", "Modou Mbaye",
        "Ndèye Thiam", "Abdoulaye Cissé", "Coumba Kane", "Pape Seck", "Rokhaya Dieng", "Serigne Lo", "Astou Niang", "Lamine Camara", "Bineta Touré", "Mamadou Sy",
        "Grace Mensah", "Kofi Boateng", "Sarah Johnson", "David Okafor", "Emma Clarke", "Samuel Adjei", "Claire Martin", "Yann Le Goff", "Ines Ferreira", "Tom Walker",
        "", "Boutique Yaye", "Chez Tata", "M. Sène",
    ];

    public static readonly string[] FrenchNudges = ["Bonjour ?", "Vous êtes là ?", "Toujours pas de réponse...", "Allô ?", "Svp c'est un peu urgent", "??"];
    public static readonly string[] EnglishNudges = ["Hello?", "Anyone there?", "Still waiting for an answer", "Please, it is a bit urgent", "??"];

    /// <summary>What somebody says who wrote before the simulator knew him.</summary>
    public static readonly SimulatedScript French0 = new(true, [], [["D'accord, je comprends."], ["Ok merci, et c'est possible pour demain ?"]], ["Merci beaucoup !", "Parfait, merci."]);

    public static readonly SimulatedScript English0 = new(false, [], [["Okay, I see."], ["Ok, and would tomorrow work?"]], ["Thank you very much!", "Perfect, thanks."]);

    public static readonly SimulatedScript[] All =
    [
        new(true, ["Bonjour", "Je voudrais savoir où en est ma commande {ref}"],
            [["C'était prévu pour hier normalement"], ["D'accord, le livreur peut m'appeler avant de passer ?", "Je suis à {place}"]],
            ["Merci beaucoup, bonne journée", "Super, merci pour la réponse rapide 🙏"]),
        new(true, ["Bonsoir, {item} c'est combien svp ?"],
            [["Et il reste du M ?"], ["Vous faites {price} F dernier prix ?"], ["Ok je prends. Livraison à {place} possible ?"]],
            ["Parfait, j'attends le livreur", "Ok merci 👍"]),
        new(true, ["Bonjour, j'ai reçu mon colis ce matin mais ce n'est pas le bon article", "J'avais commandé {item}", new("Voilà ce que j'ai reçu", "image")],
            [["Le numéro c'est {ref}"], ["Je préfère un échange plutôt qu'un remboursement", "Vous passez le récupérer ?"]],
            ["Merci d'avoir réglé ça si vite", "D'accord, je patiente alors. Merci"]),
        new(true, ["Salam, est-ce que vous livrez à {place} ?"],
            [["C'est combien la livraison ?"], ["Ok et sous combien de temps ?"]],
            ["Djeureudjeuf !", "Merci, je commande ce soir"]),
        new(true, ["Bonjour", "J'ai payé par Wave il y a une heure", "{price} F", "Et je n'ai toujours pas de confirmation..."],
            [[new("", "image"), "Voici la capture du paiement"], ["Commande {ref}, au nom de ma sœur"]],
            ["Ok c'est bon je viens de recevoir le message, merci", "Merci infiniment"]),
        new(true, ["C'est la troisième fois que j'appelle et personne ne répond !!", "Ma commande {ref} a 5 jours de retard"],
            [["On m'a déjà dit ça lundi"], ["Bon. Si demain midi je n'ai rien je veux être remboursé"]],
            ["D'accord, je vous fais confiance une dernière fois", "Merci de vous en être occupé"]),
        new(true, ["Bonjour {item} est encore disponible ?", "J'en voudrais deux"],
            [["Un pour moi et un pour offrir, vous faites un emballage cadeau ?"], ["Super. Je peux payer à la livraison ?"]],
            ["Génial merci 😊", "Ok, à demain alors"]),
        new(true, [new("", "voice"), "Désolée je conduis, écoutez le vocal svp"],
            [["Oui voilà, c'est pour changer l'adresse de livraison", "Maintenant c'est {place}, derrière la pharmacie"]],
            ["Merci c'est gentil", "Voilà, merci !"]),
        new(true, ["Bonjour je suis au point de rendez-vous", new("14.6937, -17.4441", "location"), "Le livreur est où ?"],
            [["D'accord je ne bouge pas"], ["Je le vois, c'est bon"]],
            ["Merci à vous", "👍"]),
        new(false, ["Hi, I ordered {item} last week (order {ref})", "When will it arrive?"],
            [["The tracking has not moved since Monday"], ["Could you deliver to {place} instead? I am at work"]],
            ["Great, thank you!", "Thanks for the quick help"]),
        new(false, ["Good morning, how much is {item}?"],
            [["Do you have it in another colour?"], ["And is delivery to {place} included?"]],
            ["Perfect, I will order tonight", "Thanks, I will think about it"]),
        new(false, ["Hello", "The parcel arrived but it is damaged", new("This is how it came", "image")],
            [["Order number {ref}"], ["I would rather have a replacement, please"]],
            ["Thank you, that was easy", "Appreciate it, have a nice day"]),
        new(false, ["Hi there! Do you ship to Thiès?"],
            [["How long does it usually take?"], ["Ok and can I pay cash when it comes?"]],
            ["Cool, thanks", "Thanks a lot 🙏"]),
        new(false, ["I was charged twice for order {ref}", "{price} F both times", "Please check this asap"],
            [["It was with Orange Money, yesterday around 6 pm"], ["How many days until I get it back?"]],
            ["Ok, thank you for sorting it out", "Alright, I will wait. Thanks"]),
        new(false, ["Can I still cancel order {ref}?", "I picked the wrong size"],
            [["Yes, one size up would be great"], ["No, keep the same address in {place}"]],
            ["Lifesaver, thank you!", "Thanks"]),
        new(false, ["Hey, are you open on Sunday?", "I would like to pick up {item} myself"],
            [["Around 11, is that fine?"]],
            ["See you then!", "Great, thanks"]),
    ];
}
