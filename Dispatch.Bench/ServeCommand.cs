using System.Diagnostics;
using System.Threading.Channels;
using Dispatch.Core.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Dispatch.Bench;

/// <summary>
/// Starts Dispatch.Web as it is, with two endpoints in front of everything that insert the body as one row by hand-written SQL. <c>POST /floor</c>
/// writes each request by itself through the same group commit as every write of Dispatch; <c>POST /floor/batched</c> also gathers the requests
/// that wait, as the inbound path does. No parsing, no dedupe, no contact, no conversation, no decision, no middleware. <c>GET /empty</c> is a page
/// with a circuit and nothing on it; <c>GET /screen</c> is what a page reads and when (<see cref="Screen"/>).
/// </summary>
internal static class ServeCommand
{
    public static int Run(IReadOnlyList<string> arguments)
    {
        using var listening = DiagnosticListener.AllListeners.Subscribe(new HostWatcher());
        string[] all = [.. arguments, "--applicationName", "Dispatch.Web"];
        return typeof(Web.Webhooks.WhapiWebhook).Assembly.EntryPoint!.Invoke(null, [all]) switch
        {
            int code => code,
            Task<int> task => task.GetAwaiter().GetResult(),
            _ => 0,
        };
    }

    /// <summary>The host announces that it is being built: the moment to add to it what production must not have.</summary>
    private sealed class HostWatcher : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.Extensions.Hosting") value.Subscribe(this);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value is { Key: "HostBuilding", Value: IHostBuilder builder })
                builder.ConfigureServices(services => services.AddSingleton<FloorWriter>().AddTransient<IStartupFilter, FloorFilter>());
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }

    private sealed class FloorFilter(FloorWriter writer) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, following) =>
            {
                if (context.Request.Path == "/empty")
                {
                    await new RazorComponentResult<EmptyPage>().ExecuteAsync(context);
                    return;
                }
                if (context.Request.Path == "/screen")
                {
                    await Screen.ShowAsync(context);
                    return;
                }
                if (!context.Request.Path.StartsWithSegments("/floor", StringComparison.Ordinal))
                {
                    await following(context);
                    return;
                }
                using var reader = new StreamReader(context.Request.Body);
                var body = await reader.ReadToEndAsync();
                await (context.Request.Path.Value == "/floor" ? writer.AddAloneAsync(body) : writer.AddAsync(body));
                context.Response.ContentLength = 0;
            });
            next(app);
        };
    }

    private sealed class FloorWriter
    {
        private readonly Channel<(string Body, TaskCompletionSource Done)> _rows = Channel.CreateUnbounded<(string Body, TaskCompletionSource Done)>();
        private const string Insert = "INSERT INTO floor (body) VALUES (@body)";
        private readonly Database _database;
        private readonly Task _ready;

        public FloorWriter(Database database)
        {
            _database = database;
            _ready = _database.WriteAsync(session => session.ExecuteAsync(_database.Provider == DatabaseProvider.Sqlite
                ? "CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"
                : "CREATE TABLE IF NOT EXISTS floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)"));
            _ = Task.Run(WriteAsync);
        }

        public async Task AddAloneAsync(string body)
        {
            await _ready;
            await _database.WriteAsync(session => session.ExecuteAsync(Insert, ("body", body)));
        }

        public Task AddAsync(string body)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _rows.Writer.TryWrite((body, done));
            return done.Task;
        }

        private async Task WriteAsync()
        {
            await _ready;
            var group = new List<(string Body, TaskCompletionSource Done)>();
            while (await _rows.Reader.WaitToReadAsync())
            {
                group.Clear();
                while (group.Count < 128 && _rows.Reader.TryRead(out var row)) group.Add(row);
                await _database.WriteAsync(async session =>
                {
                    foreach (var (body, _) in group) await session.ExecuteAsync(Insert, ("body", body));
                });
                foreach (var (_, done) in group) done.SetResult();
            }
        }
    }
}
