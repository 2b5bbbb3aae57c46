using System.Globalization;

namespace Dispatch.Bench;

/// <summary><c>--name value</c> pairs.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public static Arguments Parse(IReadOnlyList<string> args)
    {
        var parsed = new Arguments();
        for (var i = 0; i + 1 < args.Count; i += 2) parsed._values[args[i].TrimStart('-')] = args[i + 1];
        return parsed;
    }

    public string Text(string name, string fallback) => _values.GetValueOrDefault(name, fallback);
    public string? Text(string name) => _values.GetValueOrDefault(name);
    public int Number(string name, int fallback) => _values.TryGetValue(name, out var v) ? int.Parse(v, CultureInfo.InvariantCulture) : fallback;

    public static int Usage()
    {
        Console.Error.WriteLine("""
            Dispatch.Bench: figures, each beside its floor in the same run. Build with -c Release.
              replay FILE --url http://localhost:5080 --channel demo --secret S [--speed 600] [--api-key K]
              inbound  [--provider sqlite|postgresql] [--messages 40000] [--connections 64] [--per-contact 10] [--rounds 3]
              growth   [--provider sqlite|postgresql] [--conversations 100000] [--messages 1000000]
              decide
              rotation [--provider sqlite|postgresql] [--rounds 200]
              matching [--provider sqlite|postgresql] [--rounds 20] [--drivers 10000] [--due 100000] [--only broadcast|concurrent|race|due]
              simulate-matching FILE [--drivers 100] [--trips 200] [--seed 1] [--window 30]
              screenshots [--url http://localhost:5080]   writes docs/screenshots from a running demo
              circuits [--count 100]
              pages    [--count 100] [--times 5]   what each page takes beside open circuits
              locks    [--provider sqlite|postgresql] [--writers 32] [--seconds 4] [--rounds 3]
              actions  [--provider postgresql|sqlite] [--jobs 4000] [--latency 300] [--rounds 3] [--peers all|none] [--only growth] [--pending 1000000]
              overview [--provider sqlite|postgresql] [--messages 200000] [--rounds 20]
              soak     [--minutes 60] [--factor 10]
              copy     [--conversations 100000] [--messages 1000000]
              bus      [--uri amqp://guest:guest@localhost:5672/] [--provider sqlite|postgresql] [--messages 5000] [--rounds 3]
              mixed    [--minutes 10] [--seconds S] [--seed 1] [--every 20] [--freeze 20]   three nodes, nginx, PostgreSQL, RabbitMQ, kills
              nodes    [--messages 12000] [--connections 48] [--rounds 3] [--broker yes|no]
              screens  [--samples 150] [--wire both|rabbitmq|postgresql]
              takeover [--rounds 6]
              connect  [--uri amqp://guest:guest@localhost:5672/] [--provider sqlite|postgresql] [--numbers 1000] [--rounds 3]
            """);
        return 2;
    }
}
