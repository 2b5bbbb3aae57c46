namespace Dispatch.Core.Gateways;

/// <summary>
/// Takes out of a batch what is not for moderators (a driver's answer to an offer, a receipt of a message outside conversations) before the rest becomes
/// conversations. What it takes is committed when it returns; being asked again about the same messages must change nothing.
/// </summary>
public interface IInboundRoute
{
    /// <summary>The rest; the same batch when nothing in it was taken. Ordinary messages must cost no look into the database.</summary>
    ValueTask<InboundBatch> TakeAsync(InboundBatch batch, CancellationToken cancel);
}
