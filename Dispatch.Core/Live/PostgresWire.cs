using Dispatch.Core.Data;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Dispatch.Core.Live;

/// <summary>
/// LISTEN/NOTIFY on connections of its own. Never in the transaction of a change: a commit with a NOTIFY in it takes a lock that the whole server shares, and every write would queue for it.
/// </summary>
internal sealed class PostgresWire(IOptions<DatabaseOptions> options) : ILiveWire
{
    private const string Name = "dispatch_live";
    private NpgsqlConnection? _sender;

    // The server refuses 8,000 and more.
    public int MaxBytes => 7_000;

    public async Task SendAsync(string text, CancellationToken stop)
    {
        try
        {
            _sender ??= await OpenAsync(stop);
            await using var command = new NpgsqlCommand("SELECT pg_notify($1, $2)", _sender) { Parameters = { new() { Value = Name }, new() { Value = text } } };
            await command.ExecuteNonQueryAsync(stop);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    public async Task ListenAsync(Action listening, Action<string> received, CancellationToken stop)
    {
        await using var connection = await OpenAsync(stop);
        connection.Notification += (_, e) => received(e.Payload);
        await using (var command = new NpgsqlCommand($"LISTEN {Name}", connection)) await command.ExecuteNonQueryAsync(stop);
        listening();
        while (true) await connection.WaitAsync(stop);
    }

    public async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _sender, null) is { } sender) await sender.DisposeAsync();
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken stop)
    {
        // A connection that only listens would not notice a server that is gone without a word.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(options.Value.ConnectionString) { Pooling = false, KeepAlive = 5, CommandTimeout = 5 }.ToString());
        await connection.OpenAsync(stop);
        return connection;
    }
}
