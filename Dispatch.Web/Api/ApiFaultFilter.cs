using System.Diagnostics;

namespace Dispatch.Web.Api;

/// <summary>What nobody expected: the caller learns a number to quote, the log learns the rest.</summary>
internal sealed partial class ApiFaultFilter(ILogger<ApiFaultFilter> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        catch (BadHttpRequestException e)
        {
            return ApiProblems.Problem(e.StatusCode, "The request's body could not be read.");
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            var trace = Activity.Current?.Id ?? http.TraceIdentifier;
            LogFault(e, http.GetEndpoint()?.DisplayName, trace);
            return Results.Problem(
                "Something went wrong on our side. Quote the trace id when you report it.", statusCode: StatusCodes.Status500InternalServerError,
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["traceId"] = trace });
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Endpoint} failed; trace {TraceId}")]
    private partial void LogFault(Exception exception, string? endpoint, string traceId);
}
