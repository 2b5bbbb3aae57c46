using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Web.Account;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Radzen;

namespace Dispatch.Web.Matching;

/// <summary>Adds or changes one driver. Closes with his name when it is stored, with null when given up.</summary>
public sealed partial class DriverForm
{
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private string _name = "", _phone = "", _type = "", _plate = "", _zone = "", _language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
    private double? _rating, _latitude, _longitude;
    private bool _saving, _duplicate, _gone;

    public static DialogOptions Size => new() { Width = "min(36rem, 96vw)", CloseDialogOnEsc = true };

    [CascadingParameter]
    public Task<AuthenticationState> Authentication { get; set; } = null!;

    /// <summary>Null: a new driver.</summary>
    [Parameter]
    public DriverRow? Driver { get; set; }

    private string PhoneHelp => PhoneNumbers.Read(_phone) is { } digits ? Words["PhoneIs", PhoneNumbers.Show(digits)] : Words["PhoneHelp"];

    private NewDriver Draft => new()
    {
        Name = _name, Phone = _phone, VehicleType = _type, VehiclePlate = _plate, Zone = _zone, Rating = _rating, Latitude = _latitude, Longitude = _longitude, Language = _language,
    };

    protected override void OnInitialized()
    {
        if (Driver is null) return;
        (_name, _phone, _type, _plate, _zone) = (Driver.Name, PhoneNumbers.Show(Driver.Phone), Driver.VehicleType, Driver.VehiclePlate, Driver.Zone ?? "");
        (_rating, _latitude, _longitude, _language) = (Driver.Rating, Driver.Latitude, Driver.Longitude, Driver.Language);
    }

    private void Left(string field)
    {
        _left.Add(field);
        if (field == "phone") _duplicate = false;
    }

    private string? Error(string field) => _left.Contains(field) ? FieldWords.Of(ErrorWords, BookingRules.Check(Draft), field) : null;

    private string? Invalid(string field) => Error(field) is null && !(_duplicate && field == "phone") ? null : "true";

    private async Task SaveAsync()
    {
        if (_saving) return;
        if (BookingRules.Check(Draft) is { Count: > 0 } errors)
        {
            _left.UnionWith(errors.Select(e => e.Field));
            await Browser.FocusAsync("#driver-" + errors[0].Field);
            return;
        }
        _saving = true;
        try
        {
            var me = (await Authentication).User.Id();
            var outcome = Driver is null ? await Drivers.CreateAsync(Draft, me) : await Drivers.UpdateAsync(Driver.Id, Draft, me);
            _duplicate = outcome.Result == DriverResult.DuplicatePhone;
            _gone = outcome.Result == DriverResult.NotFound;
            if (outcome.Result == DriverResult.Done) Dialogs.Close(_name.Trim());
            else if (_duplicate) await Browser.FocusAsync("#driver-phone");
        }
        finally
        {
            _saving = false;
        }
    }
}
