using Dispatch.Core.Conversations;
using Dispatch.Core.Nodes;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Web.Startup;

/// <summary>What a node that is about to end still answers, and where a page asks whether somebody would take it.</summary>
internal static class Draining
{
    /// <summary>204: a page that comes now is taken. 503: this node ends. Asked by <c>js/reconnect.js</c> before it loads a page again.</summary>
    public const string Here = "/here";

    public static void AddDispatchDraining(this IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton<IHostLifetime, DrainingLifetime>());

    /// <summary>
    /// A balancer that does not ask about readiness (nginx) learns it from the answers: 503 is "ask the next". Not for what already runs here, what a program can repeat by itself, and forms,
    /// which are answered as long as there is somebody. Assets go with their page: the next node may be of a newer version, with others.
    /// </summary>
    public static void UseDispatchDraining(this WebApplication app)
    {
        var self = app.Services.GetRequiredService<NodeSelf>();
        app.Use((context, next) =>
        {
            if (!self.IsDraining || !Refuses(context.Request)) return next(context);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        });
    }

    public static void MapDispatchDraining(this WebApplication app) => app.MapGet(Here, () => Results.NoContent()).AllowAnonymous().ExcludeFromDescription();

    private static bool Refuses(HttpRequest request)
    {
        var path = request.Path;
        if (path.StartsWithSegments("/_blazor/negotiate", StringComparison.Ordinal)) return true;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)) return false;
        return !path.StartsWithSegments("/health", StringComparison.Ordinal) && !path.StartsWithSegments("/metrics", StringComparison.Ordinal)
            && !path.StartsWithSegments("/api", StringComparison.Ordinal) && !path.StartsWithSegments("/webhooks", StringComparison.Ordinal)
            && !path.StartsWithSegments("/moderateur", StringComparison.Ordinal);
    }
}
