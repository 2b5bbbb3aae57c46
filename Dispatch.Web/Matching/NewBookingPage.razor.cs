using System.Globalization;
using Dispatch.Core.Matching;
using Dispatch.Web.Account;
using Dispatch.Web.Browser;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Localization;

namespace Dispatch.Web.Matching;

/// <summary>When the search of a new booking begins.</summary>
public enum SearchWhen { Now, At, ByHand }

/// <summary>Takes a booking. What is wrong stands beside its field when one leaves it; nothing typed is lost by an error.</summary>
public sealed partial class NewBookingPage
{
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(15);
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _zones = [];
    private string _name = "", _phone = "", _pickup = "", _drop = "", _zone = "", _language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
    private double? _pickupLatitude, _pickupLongitude, _dropLatitude, _dropLongitude, _maxDistance;
    private DateTime? _pickupAt, _startAt;
    private decimal? _price;
    private WavePolicy _policy;
    private PriorityMode _priority;
    private SearchWhen _when;
    /// <summary>Of this form: pressed again after an answer that never came, it must not make a second ride.</summary>
    private readonly string _form = $"form:{Guid.NewGuid():N}";
    private NewBooking? _pressed;
    private long? _earlier;
    private bool _more, _saving;
    private string? _failure;

    [CascadingParameter]
    public required Task<AuthenticationState> Authentication { get; set; }

    [Inject]
    public required BookingService Bookings { get; set; }

    [Inject]
    public required BookingQueries Queries { get; set; }

    [Inject]
    public required MatchingService Matching { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required BrowserInterop Browser { get; set; }

    [Inject]
    public required BrowserTime Time { get; set; }

    [Inject]
    public required ILogger<NewBookingPage> Logger { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Bookings> Words { get; set; }

    [Inject]
    public required IStringLocalizer<Resources.Text> Text { get; set; }

    private string PhoneHelp => PhoneNumbers.Read(_phone) is { } digits ? Words["PhoneIs", PhoneNumbers.Show(digits)] : Words["PhoneHelp"];

    private IEnumerable<(string Field, Func<double?> Get, Action<double?> Set)> Positions =>
    [
        ("pickupLatitude", () => _pickupLatitude, v => _pickupLatitude = v), ("pickupLongitude", () => _pickupLongitude, v => _pickupLongitude = v),
        ("dropLatitude", () => _dropLatitude, v => _dropLatitude = v), ("dropLongitude", () => _dropLongitude, v => _dropLongitude = v),
    ];

    private NewBooking Draft => new()
    {
        CustomerName = _name, CustomerPhone = _phone, PickupAddress = _pickup, DropAddress = _drop, Zone = _zone, Price = _price, Language = _language,
        PickupTime = _pickupAt is { } at ? Time.ToUtc(at) : null, StartAt = _when == SearchWhen.At && _startAt is { } start ? Time.ToUtc(start) : null,
        PickupLatitude = _pickupLatitude, PickupLongitude = _pickupLongitude, DropLatitude = _dropLatitude, DropLongitude = _dropLongitude, MaxDistance = _maxDistance,
        WavePolicy = _policy, PriorityMode = _priority, EffectKey = _form,
    };

    private IReadOnlyList<FieldError> Errors
    {
        get
        {
            var errors = BookingRules.Check(Draft, Time.UtcNow);
            return _when == SearchWhen.At && _startAt is null ? [.. errors, new FieldError("startAt", "StartMissing", "")] : errors;
        }
    }

    protected override async Task OnInitializedAsync() => _zones = await Queries.ZonesAsync();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        await Time.GetZoneAsync();
        var soon = Time.ToLocal(Time.UtcNow) + Ahead;
        _pickupAt ??= new DateTime(soon.Year, soon.Month, soon.Day, soon.Hour, soon.Minute, 0, DateTimeKind.Unspecified);
        StateHasChanged();
        await Browser.FocusAsync("#customerName");
    }

    private void Left(string field) => _left.Add(field);

    private string? Error(string field) => _left.Contains(field) ? FieldWords.Of(Words, Errors, field) : null;

    private string? Invalid(string field) => Error(field) is null ? null : "true";

    private static double? Number(ChangeEventArgs e) => double.TryParse(e.Value as string, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    private async Task SaveAsync()
    {
        if (_saving) return;
        if (Errors is { Count: > 0 } errors)
        {
            _left.UnionWith(errors.Select(e => e.Field));
            _more |= errors.Any(e => e.Field == "maxDistance" || e.Field.EndsWith("itude", StringComparison.Ordinal));
            await Task.Yield();
            await Browser.FocusAsync("#" + errors[0].Field);
            return;
        }
        _saving = true;
        _failure = null;
        try
        {
            var actor = (await Authentication).User.Id();
            var draft = Draft;
            _pressed ??= draft;
            var made = await Bookings.CreateAsync(draft, actor);
            if (!made.Succeeded && made.Result != BookingResult.OtherBooking) return;
            if (made.Repeated && draft != _pressed)
            {
                // An earlier press made it and its answer was lost; what was changed since is not in it, so nobody is asked until a person has looked.
                _earlier = made.Id;
                return;
            }
            await StartAsync(made.Id, actor);
            Navigation.NavigateTo($"/bookings/{made.Id}");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = Guid.NewGuid().ToString("N")[..8];
            LogSaveFailed(Logger, e, _failure);
        }
        finally
        {
            _saving = false;
        }
    }

    /// <summary>The booking exists by now: whatever happens here, it must not be made a second time. Its page says whether it is searched, and offers to.</summary>
    private async Task StartAsync(long id, long actor)
    {
        if (_when != SearchWhen.Now) return;
        try
        {
            await Matching.StartMatchingAsync(id, actorId: actor);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogStartFailed(Logger, e, id);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The search of booking {BookingId} could not be started")]
    private static partial void LogStartFailed(ILogger logger, Exception error, long bookingId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A booking could not be made ({Id})")]
    private static partial void LogSaveFailed(ILogger logger, Exception error, string id);
}
