using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Dispatch.Web.Api;

/// <summary>What the OpenAPI document says beyond what the routes say themselves.</summary>
internal static class ApiDocument
{
    private const string Scheme = "ApiKey";

    /// <summary>Query parameters that the handlers read themselves, so that every wrong one can be named in one answer.</summary>
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, params string[] names) =>
        route.WithMetadata(new QueryNames(names)).Produces<HttpValidationProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json");

    /// <summary>
    /// The body that the handler reads itself. Not Accepts(): that also steers routing, and a wrong content type would then be "not found" through the
    /// fallback instead of a sentence about it.
    /// </summary>
    public static RouteHandlerBuilder WithBody<T>(this RouteHandlerBuilder route, bool optional = false) => route.WithMetadata(new Body(typeof(T), optional));

    public static RouteHandlerBuilder WithConflict(this RouteHandlerBuilder route) =>
        route.Produces<HttpValidationProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<ProblemDetails>(StatusCodes.Status409Conflict, "application/problem+json");

    public static void Describe(OpenApiOptions options)
    {
        options.ShouldInclude = api => api.RelativePath is { } path
            && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("webhooks/", StringComparison.Ordinal) || path.StartsWith("clients/", StringComparison.Ordinal));
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Dispatch", Version = "v1" };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
                { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ApiKeyFilter.Header };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, cancel) =>
        {
            if (context.Description.RelativePath is { } path && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("clients/", StringComparison.Ordinal)))
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            foreach (var name in context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryNames>().SelectMany(q => q.Names))
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Query, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Body>().FirstOrDefault() is { } body)
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = !body.Optional,
                    Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                    {
                        ["application/json"] = new OpenApiMediaType { Schema = await context.GetOrCreateSchemaAsync(body.Type, cancellationToken: cancel) },
                    },
                };
            }
        });
    }

    private sealed record QueryNames(string[] Names);

    private sealed record Body(Type Type, bool Optional);
}
