using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Components.Web;

namespace Dispatch.Bench;

/// <summary>The least that opens a circuit: what every interactive page costs before it shows anything.</summary>
internal sealed class EmptyPage : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.AddMarkupContent(0, "<!DOCTYPE html><html><head><base href=\"/\" /><title>Empty</title></head><body><main>");
        builder.OpenComponent<Dot>(1);
        builder.AddComponentRenderMode(new InteractiveServerRenderMode(prerender: false));
        builder.CloseComponent();
        builder.AddMarkupContent(2, "</main><script src=\"_framework/blazor.web.js\"></script></body></html>");
    }

    /// <summary>There only once the circuit is.</summary>
    internal sealed class Dot : ComponentBase
    {
        protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddMarkupContent(0, "<input aria-label=\"empty\" />");
    }
}
