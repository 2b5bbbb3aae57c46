using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Gateways;
using Dispatch.Core.Matching;
using Dispatch.Core.Messaging;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Dispatch.Bench;

/// <summary>The production services of matching over a database of their own, with a gateway that takes everything.</summary>
internal sealed class MatchingHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private MatchingHost(ServiceProvider services, BenchGateway gateway)
    {
        _services = services;
        Gateway = gateway;
    }

    public BenchGateway Gateway { get; }
    public Database Database => Get<Database>();
    public MatchingService Matching => Get<MatchingService>();
    public MatchingSettings Settings => Get<IOptions<MatchingSettings>>().Value;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<MatchingHost> StartAsync(BenchDatabase database, TimeProvider? clock = null)
    {
        var gateway = new BenchGateway();
        var options = new DatabaseOptions { Provider = database.Provider, Path = Path.Combine(database.Folder, "dispatch.db"), ConnectionString = database.ConnectionString };
        var services = new ServiceCollection().AddLogging().AddSingleton(clock ?? TimeProvider.System).AddSingleton<IMessageGateway>(gateway)
            .AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()).AddDispatchData(options).AddDispatchConversations().AddDispatchMatching()
            .AddSingleton<DatabaseMigrator>().BuildServiceProvider();
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync();
        var host = new MatchingHost(services, gateway);
        // The whole way is to be measured, and not how long one is willing to wait for it.
        host.Settings.BroadcastWait = TimeSpan.FromMinutes(2);
        await host.Database.WriteAsync(async session =>
        {
            var now = host.Get<TimeProvider>().GetUtcNow().UtcDateTime;
            session.Db.Channels.Add(new Channel { Key = "bench", Provider = ChannelProvider.Simulator, StatusSince = now, CreatedAt = now });
            await session.Db.SaveChangesAsync();
        });
        return host;
    }

    public async Task<long[]> AddDriversAsync(int count, Action<Driver, int>? change = null)
    {
        var now = Get<TimeProvider>().GetUtcNow().UtcDateTime;
        return await Database.WriteAsync(async session =>
        {
            var drivers = Enumerable.Range(0, count).Select(i =>
            {
                var driver = new Driver { Name = $"Driver {i}", Phone = $"22177{i:0000000}", Status = DriverStatus.Available, StatusSince = now, LastSeenAt = now, CreatedAt = now };
                change?.Invoke(driver, i);
                return driver;
            }).ToList();
            session.Db.Drivers.AddRange(drivers);
            await session.Db.SaveChangesAsync();
            return drivers.Select(d => d.Id).ToArray();
        });
    }

    public async Task<long> AddBookingAsync(double? latitude = null, double? longitude = null, string? zone = null)
    {
        var outcome = await Get<BookingService>().CreateAsync(new NewBooking
        {
            CustomerName = "Customer", CustomerPhone = "33612345678", PickupAddress = "From", DropAddress = "To", PickupTime = Get<TimeProvider>().GetUtcNow().UtcDateTime.AddHours(1),
            PickupLatitude = latitude, PickupLongitude = longitude, Zone = zone,
        });
        return outcome.Id;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

internal sealed class BenchGateway : IMessageGateway
{
    private int _number;

    /// <summary>Runs for every message, on whichever thread sends it.</summary>
    public Action<OutboundMessage>? OnSend { get; set; }
    public int Count => _number;
    public ChannelProvider Provider => ChannelProvider.Simulator;

    public Task<SendResult> SendTextAsync(OutboundMessage message, CancellationToken cancel)
    {
        OnSend?.Invoke(message);
        return Task.FromResult(SendResult.Sent($"b{Interlocked.Increment(ref _number)}"));
    }
}
