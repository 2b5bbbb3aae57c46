using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;

namespace Dispatch.Web.Layout;

/// <summary>The document around every page. Pages with forms that set cookies opt out of the circuit; everything else is interactive.</summary>
public sealed partial class App
{
    private const string ThemeCookie = "dispatch.theme";

    // Without prerendering a page loads its data once, and what needs the browser (zone, drafts) is there from the start.
    private static readonly IComponentRenderMode Interactive = new InteractiveServerRenderMode(prerender: false);

    [CascadingParameter]
    public HttpContext Context { get; set; } = null!;

    private IComponentRenderMode? PageMode => Context.AcceptsInteractiveRouting() ? Interactive : null;
    private static string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
    /// <summary>A screen on the wall is dark unless its address says otherwise, whatever the person at the desk prefers.</summary>
    private string? Theme => Context.Request.Path.StartsWithSegments("/overview/wall", StringComparison.OrdinalIgnoreCase)
        ? Context.Request.Query["theme"] == "light" ? "light" : "dark"
        : Context.Request.Cookies[ThemeCookie] is "light" or "dark" ? Context.Request.Cookies[ThemeCookie] : null;

    /// <summary>
    /// Both themes are linked and the media attribute picks one: the cookie's, else the system's. Radzen's own theme service would swap
    /// the link from the circuit, which flashes white and does nothing on the pages that have no circuit.
    /// </summary>
    private IEnumerable<(string Name, string File, string Media)> ThemeLinks =>
    [
        ("light", "material", Media("light")),
        ("dark", "material-dark", Media("dark")),
    ];

    private string Media(string theme)
    {
        if (Theme is null) return $"(prefers-color-scheme: {theme})";
        return string.Equals(Theme, theme, StringComparison.Ordinal) ? "all" : "not all";
    }
}
