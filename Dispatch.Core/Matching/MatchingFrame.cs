using System.Globalization;
using Dispatch.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Dispatch.Core.Matching;

/// <summary>What a matching transaction needs to know besides its rows; gathered before it begins, because nothing in it may wait.</summary>
/// <param name="ChannelId">Null: no channel exists; offers then go out through the API alone.</param>
public sealed record MatchingFrame(TextSet Texts, long? ChannelId, MatchingSettings Settings, TimeZoneInfo Zone, OfferTokens Tokens, DateTime Now)
{
    public DateTime Local(DateTime utc) => TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), Zone);

    /// <summary>A time as people in the configured zone read it.</summary>
    public string Time(DateTime utc, string language) =>
        Local(utc).ToString(language == "en" ? "ddd d MMM HH:mm" : "ddd d MMM HH'h'mm", CultureInfo.GetCultureInfo(language));

    public IReadOnlyList<(string, string)> Ride(Booking b, string language) => Ride(b.Id, b.PickupAddress, b.DropAddress, b.PickupTime, language);

    public IReadOnlyList<(string, string)> Ride(long booking, string pickup, string drop, DateTime time, string language) =>
        [("booking", booking.ToString(CultureInfo.InvariantCulture)), ("pickup", pickup), ("drop", drop), ("time", Time(time, language))];

    public string? Link(OfferRef offer) => Settings.PublicAddress is { } address ? $"{address.AbsoluteUri.TrimEnd('/')}/d/{Tokens.Make(offer)}" : null;
}

/// <summary>Gathers <see cref="MatchingFrame"/>s. The channel is asked for every ten seconds at most.</summary>
public sealed class MatchingFrames(Database database, TemplateService templates, OfferTokens tokens, IOptions<MatchingSettings> settings, TimeProvider clock)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(10);
    private readonly TimeZoneInfo _zone = TimeZoneInfo.FindSystemTimeZoneById(settings.Value.TimeZone);
    private volatile Found? _channel;

    public TimeZoneInfo Zone => _zone;

    public async ValueTask<MatchingFrame> GetAsync(CancellationToken cancel = default) => new(
        await templates.GetAsync(cancel), await ChannelAsync(cancel), settings.Value, _zone, tokens, clock.GetUtcNow().UtcDateTime);

    private async ValueTask<long?> ChannelAsync(CancellationToken cancel)
    {
        // "None" is not kept: the first channel is to be used as soon as it exists.
        if (_channel is { } known && clock.GetElapsedTime(known.ReadAt) < KeptFor) return known.Id;
        await using var db = database.Read();
        var key = settings.Value.Channel;
        var id = await db.Channels.Where(c => key == null || c.Key == key).OrderBy(c => c.Id).Select(c => (long?)c.Id).FirstOrDefaultAsync(cancel);
        _channel = id is { } found ? new Found(found, clock.GetTimestamp()) : null;
        return id;
    }

    private sealed record Found(long Id, long ReadAt);
}
