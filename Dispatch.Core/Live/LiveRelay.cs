using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dispatch.Core.Live;

/// <summary>
/// Change signals to and from the other nodes (issue 8): what this node committed is gathered for a moment, sent once, and forgotten. A signal that is lost costs a screen ten seconds
/// (<see cref="LiveHub.PollEvery"/>) and no decision anything; whoever was cut off looks at everything again.
/// </summary>
internal sealed partial class LiveRelay : BackgroundService
{
    /// <summary>A text of this kind says: more happened than is worth telling.</summary>
    internal const string Everything = "*";

    private const int MaxRemembered = 4096;
    internal static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(10);

    /// <summary>Long enough for the commits of a burst to become one text, far below what a person notices.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly string _origin = Guid.NewGuid().ToString("N");
    private readonly Lock _lock = new();
    private readonly Channel<bool> _flag = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly LiveHub _hub;
    private readonly ILiveWire _wire;
    private readonly ILogger<LiveRelay> _logger;
    private HashSet<LiveEvent> _changes = [];
    private bool _everything;

    public LiveRelay(LiveHub hub, ILiveWire wire, ILogger<LiveRelay> logger)
    {
        _hub = hub;
        _wire = wire;
        _logger = logger;
        hub.PollEvery = PollEvery;
        hub.Outward = Add;
    }

    /// <summary>Whether signals of other nodes arrive.</summary>
    public bool IsListening { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(SendAsync(stoppingToken), ListenAsync(stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _wire.CloseAsync();
    }

    private void Add(LiveEvent change)
    {
        lock (_lock)
        {
            if (_changes.Count < MaxRemembered) _changes.Add(change);
            else _everything = true;
        }
        _flag.Writer.TryWrite(true);
    }

    private async Task SendAsync(CancellationToken stop)
    {
        while (await _flag.Reader.WaitToReadAsync(stop))
        {
            // A moment of the machine and not of business time: a test's clock must not hold it up.
            await Task.Delay(Gather, TimeProvider.System, stop);
            _flag.Reader.TryRead(out _);
            HashSet<LiveEvent> changes;
            bool everything;
            lock (_lock)
            {
                (changes, everything) = (_changes, _everything);
                (_changes, _everything) = ([], false);
            }
            try
            {
                foreach (var text in everything ? [_origin + "\n" + Everything] : Write(_origin, changes, _wire.MaxBytes)) await _wire.SendAsync(text, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotSent(e, changes.Count);
                await Task.Delay(RetryAfter, TimeProvider.System, stop);
                // What is lost is lost, but nobody is left with half of it.
                lock (_lock) _everything = true;
                _flag.Writer.TryWrite(true);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _wire.ListenAsync(() =>
                {
                    IsListening = true;
                    // Also the first time: between the start and now something may have happened elsewhere.
                    _hub.LookAgain();
                }, Receive, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogCutOff(e);
            }
            IsListening = false;
            await Task.Delay(RetryAfter, TimeProvider.System, stop);
        }
    }

    private void Receive(string text)
    {
        var lines = text.Split('\n');
        if (lines[0] == _origin) return;
        foreach (var line in lines.AsSpan(1))
        {
            if (line == Everything) _hub.LookAgain();
            else if (Read(line) is { } change) _hub.Receive(change);
        }
    }

    /// <summary>A line each, in as many texts as needed; the first line of each says who sent it. Pure.</summary>
    internal static IEnumerable<string> Write(string origin, IReadOnlyCollection<LiveEvent> changes, int maxBytes)
    {
        var text = new System.Text.StringBuilder(origin);
        foreach (var change in changes)
        {
            var line = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\n{change.Topic}\t{change.Name}\t{change.Id}");
            if (text.Length + line.Length > maxBytes && text.Length > origin.Length)
            {
                yield return text.ToString();
                text.Clear().Append(origin);
            }
            text.Append(line);
        }
        if (text.Length > origin.Length) yield return text.ToString();
    }

    /// <summary>Null: not a line of ours (a node of another version).</summary>
    internal static LiveEvent? Read(string line) =>
        line.Split('\t') is [var topic, var name, var id] && long.TryParse(id, System.Globalization.CultureInfo.InvariantCulture, out var number) ? new LiveEvent(topic, name, number) : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} change signals could not be sent to the other nodes; they look by themselves")]
    private partial void LogNotSent(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Change signals of other nodes do not arrive; pages look by themselves until they do")]
    private partial void LogCutOff(Exception exception);
}
