namespace Dispatch.Core.Gateways;

/// <summary>
/// How long a sender that committed "Sending" may still call the gateway. A process that was frozen in between finds its message given up as uncertain, perhaps sent by a person since: it must
/// not call any more. By this machine's clock alone, taken before the commit; business time counts too.
/// </summary>
/// <param name="holds">After so long others take the message for lost.</param>
internal sealed class SendClaim(TimeProvider clock, TimeSpan holds)
{
    private readonly long _at = clock.GetTimestamp(), _systemAt = TimeProvider.System.GetTimestamp();

    public bool MayCall => clock.GetElapsedTime(_at) < holds * 0.75 && TimeProvider.System.GetElapsedTime(_systemAt) < holds * 0.75;
}
