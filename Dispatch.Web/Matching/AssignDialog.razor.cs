using Dispatch.Core.Matching;
using Microsoft.AspNetCore.Components;

namespace Dispatch.Web.Matching;

/// <summary>Chooses a driver without a ride: the available ones first, the nearest of them on top. Closes with his row.</summary>
public sealed partial class AssignDialog
{
    private const int MaxFound = 200;
    private IReadOnlyList<(DriverRow Driver, double? Distance)>? _found;
    private DriverRow? _chosen;
    private string _search = "";
    private bool _missing;

    [Parameter, EditorRequired]
    public Booking Booking { get; set; } = null!;

    protected override Task OnInitializedAsync() => FindAsync();

    private async Task FindAsync()
    {
        var page = await Drivers.ListAsync(new DriverSearch(_search, Sort: DriverSort.LastSeenAt, Descending: true, Take: MaxFound));
        _found =
        [
            .. page.Items.Where(d => d.Status != DriverStatus.Busy)
                .Select(d => (Driver: d, Distance: MatchingRules.Distance(Booking.PickupLatitude, Booking.PickupLongitude, d.Latitude, d.Longitude)))
                .OrderBy(d => d.Driver.Status).ThenBy(d => d.Distance ?? double.MaxValue).ThenBy(d => d.Driver.Name, StringComparer.CurrentCulture),
        ];
    }

    private void Choose()
    {
        _missing = _chosen is null;
        if (_chosen is not null) Dialogs.Close(_chosen);
    }
}
