using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dispatch.Bench.Mixed;

/// <summary>Calls as a gateway or an integration makes them: again until somebody answers.</summary>
internal sealed class FrontDoor(HttpClient http, LoadBook book)
{
    private const int Most = 2000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The answer; null: declined for good (404, 409). Faults and cut connections are tried again.</summary>
    /// <exception cref="InvalidOperationException">The call itself is wrong, or nobody answers any more.</exception>
    public async Task<JsonElement?> CallAsync(HttpMethod method, string path, object? body = null)
    {
        var last = "";
        for (var tries = 0; tries < Most; tries++)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path);
                if (body is not null) request.Content = JsonContent.Create(body);
                using var answer = await http.SendAsync(request);
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.IsSuccessStatusCode) return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
                if (answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
                {
                    book.WasRefused();
                    return null;
                }
                if ((int)answer.StatusCode < 500 && answer.StatusCode != HttpStatusCode.TooManyRequests) throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {text}");
                last = $"{(int)answer.StatusCode} {text}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                // cut off, or nobody there
                last = e.GetType().Name;
            }
            book.Repeat();
            await Task.Delay(Pause, TimeProvider.System);
        }
        throw new InvalidOperationException($"Nobody answers any more: {method} {path} ({last})");
    }

    public Task<JsonElement?> PostAsync(string path, object? body = null) => CallAsync(HttpMethod.Post, path, body ?? new { });
    public Task<JsonElement?> GetAsync(string path) => CallAsync(HttpMethod.Get, path);

    /// <summary>Makes something and returns its id.</summary>
    public async Task<long> MakeAsync(string path, object body) =>
        (await PostAsync(path, body) ?? throw new InvalidOperationException($"{path} was declined.")).GetProperty("id").GetInt64();

    public async Task<IReadOnlyList<JsonElement>> ListAsync(string path) => [.. (await GetAsync(path))!.Value.GetProperty("items").EnumerateArray()];
}
