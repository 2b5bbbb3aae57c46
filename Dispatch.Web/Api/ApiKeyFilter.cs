using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Dispatch.Web.Api;

/// <summary>Lets only callers in who bring one of the configured keys. Every key is compared, so the time tells nothing about which one matched.</summary>
internal sealed class ApiKeyFilter : IEndpointFilter
{
    public const string Header = "X-Api-Key";

    private readonly byte[][] _hashes;

    public ApiKeyFilter(IOptions<ApiOptions> options) =>
        _hashes = [.. options.Value.Keys.Where(k => !string.IsNullOrEmpty(k)).Select(k => SHA256.HashData(Encoding.UTF8.GetBytes(k)))];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsKey(context.HttpContext.Request.Headers[Header])
            ? next(context)
            : ValueTask.FromResult<object?>(ApiProblems.Problem(StatusCodes.Status401Unauthorized, $"The header {Header} is missing or its key is not known."));

    /// <summary>Tells integrations apart, each by its key and without saying it: two of them may both count from 1.</summary>
    public static string CallerOf(HttpContext context) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers[Header].ToString())))[..8];

    /// <summary>Also for endpoints that a key opens and something else does too.</summary>
    public bool IsKey(string? given)
    {
        if (string.IsNullOrEmpty(given) || given.Length > 1024) return false;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), hash);
        var known = false;
        foreach (var key in _hashes) known |= CryptographicOperations.FixedTimeEquals(hash, key);
        return known;
    }
}
