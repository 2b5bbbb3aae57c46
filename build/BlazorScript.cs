using Microsoft.Net.Http.Headers;
namespace Dispatch.Web;
internal static class BlazorScript
{
    /// <summary>Serves the embedded blazor.web.js when the SDK did not add one as a static web asset.</summary>
    public static void MapBlazorScriptFallback(this WebApplication app)
    {
        using var s = typeof(BlazorScript).Assembly.GetManifestResourceStream("blazor.web.js");
        if (s is null) return;
        var bytes = new byte[s.Length]; s.ReadExactly(bytes);
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes))[..16]}\"");
        app.MapGet("/_framework/blazor.web.js", () => Results.Bytes(bytes, "text/javascript", entityTag: tag));
    }
}
