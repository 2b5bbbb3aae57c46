using Dispatch.Core.Broker;
using Dispatch.Core.Live;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Numbers;

/// <summary>The way to the workers in one line: connected, or not and since when.</summary>
public sealed partial class BrokerStatusLine
{
    private BrokerSnapshot? _broker;

    [Inject]
    public required BrokerState Broker { get; set; }

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override IReadOnlyCollection<string> LiveTopics() => [Topics.Broker];

    protected override async Task ReadAsync(IReadOnlySet<LiveEvent> changes)
    {
        await Time.GetZoneAsync();
        _broker = Broker.Current;
    }

    private string Said => _broker!.Kind == BrokerKind.InProcess
        ? Words["Broker_InProcess"]
        : Words["Broker_" + _broker.Status, _broker.Endpoint ?? "-", Time.Short(_broker.Since), _broker.Error ?? "-"];

    private string Icon => _broker!.Status switch
    {
        BrokerStatus.Connected => "cloud_done",
        BrokerStatus.Connecting => "cloud_sync",
        BrokerStatus.Down => "cloud_off",
    };
}
