using System.Collections.Frozen;

namespace Dispatch.Core.Matching;

/// <summary>The standard texts. French ones are those of seed 003 where it gives any.</summary>
public static class TemplateTexts
{
    private static readonly string[] Ride = ["booking", "pickup", "drop", "time"];

    /// <summary>What each template may name, as <c>{name}</c>. A text that names anything else is refused when it is saved.</summary>
    public static readonly FrozenDictionary<TemplateKey, string[]> Placeholders = new Dictionary<TemplateKey, string[]>
    {
        [TemplateKey.ClientSearchStarted] = [.. Ride, "count", "minutes"],
        [TemplateKey.ClientSearchProgress] = [.. Ride, "seen", "count", "until"],
        [TemplateKey.ClientDriverFound] = [.. Ride, "driver", "phone", "rating", "vehicle", "plate"],
        [TemplateKey.ClientSearchFailed] = Ride,
        [TemplateKey.ClientCancelled] = [.. Ride, "reason"],
        [TemplateKey.ClientDriverBackedOut] = Ride,
        [TemplateKey.ClientAskLaterTime] = Ride,
        [TemplateKey.ClientAskNewTime] = Ride,
        [TemplateKey.ClientScheduled] = Ride,
        [TemplateKey.ClientTimeChanged] = Ride,
        [TemplateKey.ClientNotUnderstood] = Ride,
        [TemplateKey.ClientHandedOver] = Ride,
        [TemplateKey.DriverOffer] = [.. Ride, "distance", "price", "seconds", "link"],
        [TemplateKey.DriverAssigned] = [.. Ride, "customer", "phone"],
        [TemplateKey.DriverAssignedByHand] = [.. Ride, "customer", "phone"],
        [TemplateKey.DriverRejected] = Ride,
        [TemplateKey.DriverAlreadyTaken] = [.. Ride, "late"],
        [TemplateKey.DriverTaken] = Ride,
        [TemplateKey.DriverBookingCancelled] = Ride,
        [TemplateKey.DriverOfferExpired] = Ride,
        [TemplateKey.DriverBusy] = Ride,
        [TemplateKey.DriverPaused] = ["count"],
        [TemplateKey.DriverResumed] = [],
        [TemplateKey.DriverRideCancelled] = [.. Ride, "reason"],
        [TemplateKey.DriverBackedOut] = Ride,
        [TemplateKey.AdminBookingTimeout] = [.. Ride, "customer", "phone", "minutes"],
        [TemplateKey.AdminLowAvailability] = ["zone", "count"],
        [TemplateKey.AdminSystemError] = ["type", "booking"],
        [TemplateKey.AdminDailyReport] = ["day", "searches", "matched", "timeouts", "average"],
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<TemplateKey, string> French = new Dictionary<TemplateKey, string>
    {
        [TemplateKey.ClientSearchStarted] = "🔍 *RECHERCHE DE CHAUFFEUR*\n\nNous recherchons un chauffeur pour votre course...\n{count} chauffeurs notifiés\n\n⏱️ Nous vous tiendrons informé dans les {minutes} minutes maximum.",
        [TemplateKey.ClientSearchProgress] = "🔍 {count} chauffeurs notifiés, {seen} ont vu votre demande. Réponse au plus tard à {until}.",
        [TemplateKey.ClientDriverFound] = "✅ *CHAUFFEUR TROUVÉ !*\n\n🚗 *Chauffeur :* {driver}\n📞 *Contact :* {phone}\n⭐ *Note :* {rating}/5\n🚗 *Véhicule :* {vehicle} - {plate}\n\nVotre chauffeur vous contactera sous peu !",
        [TemplateKey.ClientSearchFailed] = "❌ *AUCUN CHAUFFEUR DISPONIBLE*\n\nMalheureusement, aucun chauffeur n'est disponible actuellement pour votre course.\n\n🔄 *Options :*\n*1* - Réessayer maintenant\n*2* - Programmer plus tard\n*3* - Modifier l'horaire\n\nNos équipes ont été alertées.",
        [TemplateKey.ClientCancelled] = "Votre course n° {booking} ({pickup} → {drop}) est annulée. {reason}",
        [TemplateKey.ClientDriverBackedOut] = "Votre chauffeur a eu un empêchement. Nous en recherchons un autre tout de suite.",
        [TemplateKey.ClientAskLaterTime] = "Pour quand souhaitez-vous votre course ? Par exemple : « demain 8h », « 18:30 », « dans 20 minutes ».",
        [TemplateKey.ClientAskNewTime] = "Quel est le nouvel horaire de départ ? Par exemple : « demain 8h », « 18:30 », « dans 20 minutes ».",
        [TemplateKey.ClientScheduled] = "🗓️ C'est noté : départ {time}. Nous rechercherons un chauffeur à temps et vous tiendrons informé.",
        [TemplateKey.ClientTimeChanged] = "🗓️ C'est noté : départ {time}. Nous recherchons un chauffeur.",
        [TemplateKey.ClientNotUnderstood] = "Nous n'avons pas compris votre réponse. Merci de répondre *1*, *2* ou *3*, ou d'indiquer une heure, par exemple « demain 8h ».",
        [TemplateKey.ClientHandedOver] = "Un conseiller va vous répondre.",
        [TemplateKey.DriverOffer] = "🚗 *NOUVELLE COURSE* n° {booking}\n\n📍 *Départ :* {pickup}\n🎯 *Arrivée :* {drop}\n⏰ {time}\n📏 {distance}\n💰 {price}\n\n*1* - Accepter\n*2* - Refuser\n⏱️ Réponse attendue dans {seconds} secondes.\n{link}",
        [TemplateKey.DriverAssigned] = "✅ La course n° {booking} est à vous.\n\n👤 {customer}\n📞 {phone}\n📍 {pickup}\n🎯 {drop}\n⏰ {time}\n\nEn cas d'empêchement, répondez ANNULER.",
        [TemplateKey.DriverAssignedByHand] = "✅ La course n° {booking} vous a été attribuée par nos équipes.\n\n👤 {customer}\n📞 {phone}\n📍 {pickup}\n🎯 {drop}\n⏰ {time}\n\nEn cas d'empêchement, répondez ANNULER.",
        [TemplateKey.DriverRejected] = "C'est noté, vous avez refusé la course n° {booking}.",
        [TemplateKey.DriverAlreadyTaken] = "Course déjà prise : la course n° {booking} a été acceptée {late} avant vous.",
        [TemplateKey.DriverTaken] = "Course prise : la course n° {booking} a été attribuée à un autre chauffeur.",
        [TemplateKey.DriverBookingCancelled] = "La course n° {booking} a été annulée.",
        [TemplateKey.DriverOfferExpired] = "Le délai de réponse pour la course n° {booking} est dépassé.",
        [TemplateKey.DriverBusy] = "Vous avez déjà une course en cours ; la course n° {booking} ne peut pas vous être attribuée.",
        [TemplateKey.DriverPaused] = "⏸️ Vous n'avez pas répondu à {count} courses de suite : vous êtes en pause. Répondez PRÊT pour en recevoir à nouveau.",
        [TemplateKey.DriverResumed] = "▶️ Vous recevez à nouveau des courses.",
        [TemplateKey.DriverRideCancelled] = "❌ La course n° {booking} ({pickup} → {drop}) est annulée. {reason}",
        [TemplateKey.DriverBackedOut] = "C'est noté : la course n° {booking} est rendue.",
        [TemplateKey.AdminBookingTimeout] = "🚨 *ALERTE ADMIN*\n\n❌ Aucun chauffeur trouvé après {minutes} minutes\n\n📋 *Détails course :*\n👤 Client : {customer}\n📞 Téléphone : {phone}\n📍 Départ : {pickup}\n🎯 Arrivée : {drop}\n⏰ Heure prévue : {time}\n\n🔍 *Actions suggérées :*\n- Contacter client pour proposer horaire alternatif\n- Vérifier disponibilité chauffeurs\n- Analyser demande dans zone\n\nID Course : {booking}",
        [TemplateKey.AdminLowAvailability] = "⚠️ *ALERTE ADMIN*\n\nPeu de chauffeurs disponibles, zone {zone} : {count}.",
        [TemplateKey.AdminSystemError] = "🚨 *ALERTE ADMIN*\n\nErreur système : {type}\nID Course : {booking}",
        [TemplateKey.AdminDailyReport] = "📊 *RAPPORT DU {day}*\n\nRecherches : {searches}\nAttribuées : {matched}\nSans chauffeur : {timeouts}\nTemps moyen : {average}",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<TemplateKey, string> English = new Dictionary<TemplateKey, string>
    {
        [TemplateKey.ClientSearchStarted] = "🔍 *LOOKING FOR A DRIVER*\n\nWe are looking for a driver for your ride...\n{count} drivers were asked\n\n⏱️ You will hear from us within {minutes} minutes.",
        [TemplateKey.ClientSearchProgress] = "🔍 {count} drivers were asked, {seen} have seen your request. You will have an answer by {until}.",
        [TemplateKey.ClientDriverFound] = "✅ *DRIVER FOUND*\n\n🚗 *Driver:* {driver}\n📞 *Contact:* {phone}\n⭐ *Rating:* {rating}/5\n🚗 *Vehicle:* {vehicle} - {plate}\n\nYour driver will contact you shortly.",
        [TemplateKey.ClientSearchFailed] = "❌ *NO DRIVER AVAILABLE*\n\nUnfortunately no driver is available for your ride right now.\n\n🔄 *Options:*\n*1* - Try again now\n*2* - Schedule for later\n*3* - Change the time\n\nOur team has been alerted.",
        [TemplateKey.ClientCancelled] = "Your ride no. {booking} ({pickup} → {drop}) is cancelled. {reason}",
        [TemplateKey.ClientDriverBackedOut] = "Your driver cannot come. We are looking for another one right away.",
        [TemplateKey.ClientAskLaterTime] = "When would you like your ride? For example: \"tomorrow 8am\", \"18:30\", \"in 20 minutes\".",
        [TemplateKey.ClientAskNewTime] = "What is the new pickup time? For example: \"tomorrow 8am\", \"18:30\", \"in 20 minutes\".",
        [TemplateKey.ClientScheduled] = "🗓️ Noted: pickup {time}. We will look for a driver in time and keep you informed.",
        [TemplateKey.ClientTimeChanged] = "🗓️ Noted: pickup {time}. We are looking for a driver.",
        [TemplateKey.ClientNotUnderstood] = "We did not understand your answer. Please answer *1*, *2* or *3*, or give a time such as \"tomorrow 8am\".",
        [TemplateKey.ClientHandedOver] = "Somebody from our team will answer you.",
        [TemplateKey.DriverOffer] = "🚗 *NEW RIDE* no. {booking}\n\n📍 *From:* {pickup}\n🎯 *To:* {drop}\n⏰ {time}\n📏 {distance}\n💰 {price}\n\n*1* - Accept\n*2* - Refuse\n⏱️ Please answer within {seconds} seconds.\n{link}",
        [TemplateKey.DriverAssigned] = "✅ Ride no. {booking} is yours.\n\n👤 {customer}\n📞 {phone}\n📍 {pickup}\n🎯 {drop}\n⏰ {time}\n\nIf you cannot do it, answer CANCEL.",
        [TemplateKey.DriverAssignedByHand] = "✅ Our team gave you ride no. {booking}.\n\n👤 {customer}\n📞 {phone}\n📍 {pickup}\n🎯 {drop}\n⏰ {time}\n\nIf you cannot do it, answer CANCEL.",
        [TemplateKey.DriverRejected] = "Noted, you refused ride no. {booking}.",
        [TemplateKey.DriverAlreadyTaken] = "Already taken: ride no. {booking} was accepted {late} before you.",
        [TemplateKey.DriverTaken] = "Taken: ride no. {booking} went to another driver.",
        [TemplateKey.DriverBookingCancelled] = "Ride no. {booking} was cancelled.",
        [TemplateKey.DriverOfferExpired] = "The time to answer for ride no. {booking} is over.",
        [TemplateKey.DriverBusy] = "You have a ride already; ride no. {booking} cannot be given to you.",
        [TemplateKey.DriverPaused] = "⏸️ You let {count} rides in a row pass: you are paused. Answer READY to receive rides again.",
        [TemplateKey.DriverResumed] = "▶️ You receive rides again.",
        [TemplateKey.DriverRideCancelled] = "❌ Ride no. {booking} ({pickup} → {drop}) is cancelled. {reason}",
        [TemplateKey.DriverBackedOut] = "Noted: you gave back ride no. {booking}.",
        [TemplateKey.AdminBookingTimeout] = "🚨 *ADMIN ALERT*\n\n❌ No driver found after {minutes} minutes\n\n📋 *The ride:*\n👤 Customer: {customer}\n📞 Phone: {phone}\n📍 From: {pickup}\n🎯 To: {drop}\n⏰ Planned: {time}\n\n🔍 *What to do:*\n- Call the customer and offer another time\n- Check which drivers are available\n- Look at the demand in the zone\n\nBooking: {booking}",
        [TemplateKey.AdminLowAvailability] = "⚠️ *ADMIN ALERT*\n\nFew drivers available in zone {zone}: {count}.",
        [TemplateKey.AdminSystemError] = "🚨 *ADMIN ALERT*\n\nSystem error: {type}\nBooking: {booking}",
        [TemplateKey.AdminDailyReport] = "📊 *REPORT OF {day}*\n\nSearches: {searches}\nMatched: {matched}\nWithout a driver: {timeouts}\nAverage time: {average}",
    }.ToFrozenDictionary();

    public static string Standard(TemplateKey key, string language) => (language == "en" ? English : French)[key];
}
