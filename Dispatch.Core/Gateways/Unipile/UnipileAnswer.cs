using System.Net;

namespace Dispatch.Core.Gateways.Unipile;

/// <summary>What an answer of Unipile means. Pure. A type that is not known counts by its HTTP status, as the provider's list grows.</summary>
internal static class UnipileAnswer
{
    /// <summary>The last word of <c>{"type":"errors/..."}</c>.</summary>
    public static string? TypeOf(GatewayAnswer answer) => answer.Read(root => PayloadFields.Text(root, "type")) is { } type ? type[(type.LastIndexOf('/') + 1)..] : null;

    public static SendFailure Failure(GatewayAnswer answer) => TypeOf(answer) switch
    {
        // Of the account, whoever the message was for: everything waits a day.
        "cannot_resend_yet" or "cannot_resend_within_24hrs" or "limit_exceeded" or "connection_limit_reached" or "account_restricted" => SendFailure.AccountLimited,
        "disconnected_account" or "disconnected_feature" or "expired_credentials" or "invalid_checkpoint_solution" or "checkpoint_error" => SendFailure.ChannelNotAuthorized,
        "feature_not_subscribed" or "subscription_required" or "insufficient_credits" => SendFailure.PaymentRequired,
        "invalid_recipient" or "no_connection_with_recipient" or "blocked_recipient" or "user_unreachable" or "cannot_invite_attendee" or "not_allowed_inmail"
            or "already_invited_recently" or "already_connected" => SendFailure.BadRecipient,
        "invalid_account" or "wrong_account" => SendFailure.BadToken,
        "too_many_characters" or "unescaped_characters" or "missing_parameters" or "invalid_message" or "unprocessable_entity" => SendFailure.BadContent,
        "too_many_requests" => SendFailure.TooMany,
        // Nobody took it in hand.
        "no_client_session" or "no_channel" or "no_handler" => SendFailure.Unreachable,
        // In the middle of something: the chat can be asked.
        "network_down" or "provider_error" or "unexpected_error" or "request_timeout" => SendFailure.Unknown,
        // A wrong account looks the same as a wrong person, and must not cost the person his place.
        "resource_not_found" or "invalid_resource_identifier" => SaysAccount(answer) ? SendFailure.BadToken : SendFailure.BadRecipient,
        _ => ByStatus(answer.Status!.Value),
    };

    private static SendFailure ByStatus(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound => SendFailure.BadToken,
        HttpStatusCode.PaymentRequired => SendFailure.PaymentRequired,
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.RequestEntityTooLarge => SendFailure.BadContent,
        HttpStatusCode.TooManyRequests => SendFailure.TooMany,
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.NotImplemented => SendFailure.Refused,
        >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => SendFailure.Unknown,
        _ => SendFailure.Refused,
    };

    private static bool SaysAccount(GatewayAnswer answer) =>
        answer.Read(root => $"{PayloadFields.Text(root, "title")} {PayloadFields.Text(root, "detail")}")?.Contains("account", StringComparison.OrdinalIgnoreCase) == true;
}
