using Dispatch.Core.Retention;

namespace Dispatch.Web.Api;

/// <param name="Hash">SHA-256 (hex) of the export of what was erased; the audit has it too.</param>
public sealed record ErasedAnswer(long Id, string Hash);

internal static class ContactEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var group = api.MapGroup("/contacts").WithTags("Contacts");
        group.MapGet("/", FindAsync).Produces<ApiPage<ContactHit>>().WithSummary("Contacts by the first digits of their number (four or more) or the beginning of their name; at most 20").WithQuery("q");
        group.MapGet("/{id:long}/export", ExportAsync).Produces<ContactExport>().ProducesProblem(StatusCodes.Status404NotFound).WithSummary("Everything that is kept about a contact; noted in the audit");
        group.MapPost("/{id:long}/erase", EraseAsync).Produces<ErasedAnswer>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithSummary("Erase name, number, words and places of a contact for ever; noted in the audit with a hash as proof");
    }

    private static async Task<IResult> FindAsync(HttpContext context, ContactData contacts)
    {
        var found = await contacts.FindAsync(context.Request.Query["q"].ToString(), context.RequestAborted);
        return Results.Ok(new ApiPage<ContactHit>(found, found.Count));
    }

    private static async Task<IResult> ExportAsync(long id, HttpContext context, ContactData contacts) =>
        await contacts.ExportAsync(id, null, context.RequestAborted) is { } json ? Results.Bytes(json, "application/json") : ApiProblems.NotFound("contact", id);

    private static async Task<IResult> EraseAsync(long id, HttpContext context, ContactData contacts)
    {
        var outcome = await contacts.EraseAsync(id, null, context.RequestAborted);
        return outcome.Result switch
        {
            ErasureResult.Done => Results.Ok(new ErasedAnswer(id, outcome.Hash!)),
            ErasureResult.NotFound => ApiProblems.NotFound("contact", id),
            ErasureResult.OpenConversation => ApiProblems.Conflict("A conversation with this contact is open; close it first."),
            ErasureResult.OpenBooking => ApiProblems.Conflict("A booking of this contact is under way; end it first."),
            ErasureResult.MessageLeaving => ApiProblems.Conflict("A message to this contact is leaving at this moment; try again in a minute."),
        };
    }
}
