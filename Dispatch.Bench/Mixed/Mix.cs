using System.Globalization;
using System.Text.Json;

namespace Dispatch.Bench.Mixed;

/// <summary>Everything that goes on in a team at once, through the front door: contacts write, moderators answer, come and go and change profiles, rides are booked and raced for, actions are planned.</summary>
internal sealed class Mix(FrontDoor door, LoadBook book, MixedOptions options)
{
    public const int Posters = 6, ContactsPerPoster = 16, Moderators = 6, Capacity = 12, Drivers = 12, Accounts = 3, SmallQuota = 25, LargeQuota = 100_000;
    private const string Shared = "shop", Rides = "rides", Out = "out";
    private static readonly string[] Exclusive = ["vip0", "vip1"];
    private readonly List<long> _moderators = [], _drivers = [], _accounts = [], _exclusiveProfiles = [];
    private readonly List<(long Prospect, long Account)> _prospects = [];
    private int _rides, _replies, _actions;

    /// <summary>What an account may send in a day, by its id.</summary>
    public IReadOnlyDictionary<long, int> Quotas { get; private set; } = new Dictionary<long, int>();

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    public static readonly (string, string)[] Settings =
    [
        ("Matching__Channel", Rides), ("Matching__DriverTimeout", "00:00:05"), ("Matching__BookingTimeout", "00:00:20"), ("ServiceMessages__PerSecond", "200"),
        ("Matching__PauseAfterTimeouts", "100"), ("Matching__DailyReportAt", ""),
        // Rates over the last hour would speak of what was done to the gateway's senders on purpose, long after it ended.
        ("Matching__Health__TimeoutRateWarning", "0.95"), ("Matching__Health__TimeoutRateCritical", "1"), ("Matching__Health__SendFailuresWarning", "0.95"), ("Matching__Health__SendFailuresCritical", "1"),
    ];

    public async Task PrepareAsync()
    {
        foreach (var key in (string[])[Rides, Out, Shared, .. Exclusive])
        {
            await door.MakeAsync("/api/channels", new { key, provider = "Whapi", token = "a-token-of-the-gateway" });
            var profile = await door.MakeAsync("/api/profiles", new { name = key, channel = key, mode = Exclusive.Contains(key) ? "Exclusive" : "Shared" });
            if (Exclusive.Contains(key)) _exclusiveProfiles.Add(profile);
        }
        foreach (var (key, value) in new[] { ("alerts.errorQuiet", 60), ("alerts.diskFree", 0), ("alerts.lockHeld", 86_400) }) await door.CallAsync(HttpMethod.Put, $"/api/settings/{key}", new { value });
        for (var i = 0; i < Moderators; i++)
        {
            _moderators.Add(await door.MakeAsync("/api/moderators", new { name = $"M{i}", email = $"m{i}@example.org", maxConversations = Capacity, priority = 0 }));
            await door.PostAsync($"/api/moderators/{_moderators[i]}/connect");
        }
        for (var i = 0; i < Drivers; i++)
            _drivers.Add(await door.MakeAsync("/api/drivers", new { name = $"D{i}", phone = Number(336_5000_0000 + i), vehicleType = "car", vehiclePlate = $"P{i}", language = "en", latitude = 48.8, longitude = 2.3 }));
        for (var i = 0; i < Accounts; i++)
        {
            var quota = i == 0 ? SmallQuota : LargeQuota;
            _accounts.Add(await door.MakeAsync("/api/accounts", new { name = $"Account {i}", provider = "whapi", channel = Out, quotas = new { send_followup = quota }, minGapSeconds = 0 }));
            for (var p = 0; p < 40; p++)
                _prospects.Add((await door.MakeAsync("/api/prospects", new { name = $"P{p}", phone = Number(336_7000_0000 + (i * 1000) + p), accountId = _accounts[i], language = "en" }), _accounts[i]));
        }
        Quotas = _accounts.Select((a, i) => (a, i)).ToDictionary(a => a.a, a => a.i == 0 ? SmallQuota : LargeQuota);
    }

    /// <summary>Until <paramref name="enough"/>; ends with whatever it had begun.</summary>
    public Task RunAsync(CancellationToken enough)
    {
        Task[] all =
        [
            .. Enumerable.Range(0, Posters).Select(p => WriteInAsync(p, enough)),
            .. Enumerable.Range(0, 2).Select(r => RepeatAsync(new Random(options.Seed + 100 + r), TimeSpan.FromMilliseconds(250), ReplyAsync, enough)),
            RepeatAsync(new Random(options.Seed + 200), TimeSpan.FromMilliseconds(700), RotateAsync, enough),
            .. Enumerable.Range(0, 2).Select(r => RepeatAsync(new Random(options.Seed + 300 + r), TimeSpan.FromMilliseconds(1200), BookAsync, enough)),
            .. Enumerable.Range(0, 2).Select(r => RepeatAsync(new Random(options.Seed + 400 + r), TimeSpan.FromMilliseconds(300), PlanAsync, enough)),
            RepeatAsync(new Random(options.Seed + 500), TimeSpan.FromMilliseconds(1500), TidyAsync, enough),
        ];
        return Task.WhenAll(all);
    }

    /// <summary>The end of a shift, again and again: everybody is there, what is open is closed, so what waits is handed out and closed in turn.</summary>
    public async Task ComeToRestAsync()
    {
        foreach (var moderator in _moderators) await door.PostAsync($"/api/moderators/{moderator}/connect");
        foreach (var status in new[] { "Assigned", "AssignedOffline" })
            await Parallel.ForEachAsync(await door.ListAsync($"/api/conversations?status={status}&pageSize=100"), async (conversation, _) => await door.PostAsync($"/api/conversations/{Id(conversation)}/close"));
        await LookAfterRidesAsync();
    }

    /// <summary>What somebody at a desk does: a search that found nobody is looked after, which ends its alert.</summary>
    public async Task LookAfterRidesAsync()
    {
        foreach (var booking in await door.ListAsync("/api/bookings?status=TimedOut&pageSize=100")) await door.PostAsync($"/api/bookings/{Id(booking)}/cancel", new { reason = "nobody found" });
        foreach (var booking in await door.ListAsync("/api/bookings?status=Accepted&pageSize=100")) await door.PostAsync($"/api/bookings/{Id(booking)}/complete");
    }

    private static async Task RepeatAsync(Random random, TimeSpan pause, Func<Random, Task> work, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await work(random);
            await Task.Delay(pause * (0.5 + random.NextDouble()), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>As a gateway does: the same message again until somebody answers 200, and only then the contact's next.</summary>
    private async Task WriteInAsync(int poster, CancellationToken enough)
    {
        var random = new Random(options.Seed + poster);
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var contact = Number(336_0000_0000 + (poster * ContactsPerPoster) + random.Next(ContactsPerPoster));
            // A poster of the shared profile, or of one that somebody holds.
            var channel = poster < Exclusive.Length ? Exclusive[poster] : Shared;
            var id = $"in-{poster}-{i}";
            if (await door.PostAsync($"/webhooks/whapi/{channel}", Payload(id, contact, i)) is not null) book.Inbound.Enqueue(new InboundNote(contact, id));
            await Task.Delay(options.Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>One to three answers to one conversation, one after the other; now and then it is closed afterwards.</summary>
    private async Task ReplyAsync(Random random)
    {
        var open = (await door.ListAsync("/api/conversations?status=Assigned&pageSize=60")).ToList();
        if (open.Count == 0) return;
        var conversation = open[random.Next(open.Count)];
        var (id, owner) = (Id(conversation), conversation.GetProperty("ownerId").GetInt64());
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var text = $"answer {Interlocked.Increment(ref _replies)}.";
            if (await door.PostAsync($"/api/conversations/{id}/messages", new { text, moderatorId = owner, effectKey = text }) is null) return;
            book.Replies.Enqueue(new ReplyNote(id, text));
        }
        if (random.Next(3) == 0) await door.PostAsync($"/api/conversations/{id}/close");
    }

    private async Task RotateAsync(Random random)
    {
        var profile = _exclusiveProfiles[random.Next(_exclusiveProfiles.Count)];
        // The first two stay, so that somebody always is there.
        var moderator = _moderators[random.Next(2, _moderators.Count)];
        switch (random.Next(6))
        {
            case 0: await door.PostAsync($"/api/moderators/{moderator}/disconnect"); break;
            case 1 or 2: await door.PostAsync($"/api/moderators/{moderator}/connect"); break;
            case 3: await door.PostAsync($"/api/profiles/{profile}/release"); break;
            default: await door.PostAsync($"/api/profiles/{profile}/assign", new { moderatorId = _moderators[random.Next(_moderators.Count)] }); break;
        }
        book.Rotated();
    }

    /// <summary>A ride: searched at once or a little later; several drivers race for it, or nobody answers; won ones are driven.</summary>
    private async Task BookAsync(Random random)
    {
        var number = Interlocked.Increment(ref _rides);
        DateTime? startAt = random.Next(5) == 0 ? Now + TimeSpan.FromSeconds(random.Next(2, 8)) : null;
        var booking = await door.MakeAsync("/api/bookings", new
        {
            customerName = $"C{number}", customerPhone = Number(336_8000_0000 + number), pickupAddress = $"Quay {number}", dropAddress = $"Station {number}",
            pickupTime = Now.AddHours(2), language = "en", startAt, price = 20,
            // The node may die after the commit and before the answer.
            effectKey = $"ride-{number}",
        });
        book.Booked();
        if (startAt is { } at)
        {
            book.Scheduled.Enqueue(new ScheduledNote(booking, at));
            return;
        }
        if (await door.PostAsync($"/api/bookings/{booking}/match") is null) return;
        switch (random.Next(8))
        {
            case 0: await door.PostAsync($"/api/bookings/{booking}/cancel", new { reason = "changed plans" }); return;
            case 1: return; // nobody answers
        }
        var racers = Enumerable.Range(0, 3).Select(_ => _drivers[random.Next(_drivers.Count)]).Distinct().ToList();
        var answers = await Task.WhenAll(racers.Select(driver => door.PostAsync($"/api/bookings/{booking}/responses", new { driverId = driver, type = random.Next(6) == 0 ? "REJECT" : "ACCEPT" })));
        foreach (var (answer, driver) in answers.Zip(racers))
        {
            if (answer is { } told && told.GetProperty("action").GetString() == "ASSIGNED") book.Rides.Enqueue(new RideNote(booking, driver));
        }
        if (random.Next(3) > 0) await door.PostAsync($"/api/bookings/{booking}/complete");
    }

    private async Task PlanAsync(Random random)
    {
        var (prospect, account) = _prospects[random.Next(_prospects.Count)];
        var key = $"action {Interlocked.Increment(ref _actions)}.";
        DateTime? scheduledAt = random.Next(2) == 0 ? Now + TimeSpan.FromSeconds(random.Next(1, 15)) : null;
        var wanted = scheduledAt ?? Now;
        if (await door.PostAsync("/api/actions", new { kind = "send_followup_A1", prospectId = prospect, content = key, effectKey = key, scheduledAt }) is null) return;
        book.Actions.Enqueue(new ActionNote(account, key, wanted));
    }

    private async Task TidyAsync(Random random) => await LookAfterRidesAsync();

    private static long Id(JsonElement element) => element.GetProperty("id").GetInt64();

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static object Payload(string id, string contact, int i) => new
    {
        messages = new[]
        {
            new
            {
                id, from_me = false, type = "text", chat_id = $"{contact}@s.whatsapp.net", timestamp = 1_772_438_400 + i, source = "mobile",
                text = new { body = $"message {i}" }, from = contact, from_name = $"Contact {contact}",
            },
        },
        @event = new { type = "messages", @event = "post" },
        channel_id = "MANTIS-M72HC",
    };
}
