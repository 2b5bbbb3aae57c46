using System.Collections.Concurrent;
using System.Globalization;
using Dispatch.Core.Broker;
using Dispatch.Tests.Support;

namespace Dispatch.Tests.Broker;

/// <summary>What a worker did.</summary>
internal sealed record Act(string WorkerId, string CommandId, long NumberId);

/// <summary>
/// Workers that answer each create with one code; legacy ones a little later, as a socket would. What they did once (a command's id) they do not do again: their memory
/// outlives their connection, as that of the reference worker does.
/// </summary>
internal sealed class Crew(IWorkerBus bus) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly ConcurrentDictionary<string, byte> _known = new(StringComparer.Ordinal);

    public ConcurrentQueue<Act> Acted { get; } = new();

    /// <summary>How long a legacy worker takes at most, in milliseconds.</summary>
    public int Slowness { get; init; } = 25;

    public static string CodeOf(int number) => string.Create(CultureInfo.InvariantCulture, $"1@code-of-{number}");

    public void Start(WorkerRoute route) => _running.Add(Task.Run(() => RunAsync(route, _stop.Token)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).InTime();
        _stop.Dispose();
    }

    private async Task RunAsync(WorkerRoute route, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using var port = await bus.ConnectWorkerAsync(route, stop);
                await foreach (var delivery in port.ReadAsync(stop))
                {
                    var number = delivery.Command!.NumberId!.Value;
                    if (_known.TryAdd(delivery.Message.MessageId!, 0)) Acted.Enqueue(new Act(route.WorkerId, delivery.Message.MessageId!, number));
                    if (route.Mode == WorkerMode.Legacy && Slowness > 0) await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, Slowness)), TimeProvider.System, stop);
                    // Said before it is acknowledged: a crash in between says it again, and the inbox knows it.
                    await port.AnswerAsync(new QrGenerated(CodeOf((int)number), QrForm.Raw, 1) { NumberId = number, SessionId = delivery.Command.SessionId, MessageId = "qr-" + delivery.Message.MessageId });
                    await delivery.AckAsync();
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // The broker is away.
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
