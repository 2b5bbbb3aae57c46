using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dispatch.Tests.Browser;

/// <summary>A line between browser and application that can be cut (every connection breaks, new ones are refused) and restored.</summary>
public sealed class CuttableProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _clients = new();
    private readonly int _targetPort;
    private readonly Task _accepting;
    private volatile bool _cut;

    public CuttableProxy(Uri target)
    {
        _targetPort = target.Port;
        _listener.Start();
        Address = new UriBuilder(target) { Host = "localhost", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    public void Cut()
    {
        _cut = true;
        foreach (var (client, _) in _clients) Break(client);
    }

    public void Restore() => _cut = false;

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            for (;;) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (SocketException)
        {
            // stopped
        }
        catch (ObjectDisposedException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        _clients[client] = 0;
        _clients[server] = 0;
        try
        {
            if (_cut)
            {
                Break(client);
                return;
            }
            await server.ConnectAsync(IPAddress.Loopback, _targetPort);
            var (one, other) = (client.GetStream(), server.GetStream());
            await Task.WhenAny(one.CopyToAsync(other), other.CopyToAsync(one));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // cut, or one side hung up
        }
        finally
        {
            _clients.TryRemove(client, out _);
            _clients.TryRemove(server, out _);
            client.Dispose();
        }
    }

    /// <summary>A reset, not a farewell: what a lost network looks like from here.</summary>
    private static void Break(TcpClient client)
    {
        try
        {
            client.Client.Close(timeout: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or NullReferenceException)
        {
            // gone already
        }
    }
}
