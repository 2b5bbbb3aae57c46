using Dispatch.Core.Data;
using Dispatch.Core.Moderators;
using Dispatch.Core.People;
using Microsoft.AspNetCore.Identity;

namespace Dispatch.Web.Api;

/// <summary>
/// STAND-IN: goes when <c>PeopleService.CreateModeratorAsync(name, email, maxConversations, priority)</c> is there; its body becomes that one call
/// and the mapping of its outcome. User and moderator are two transactions here, which the real one must not be.
/// </summary>
internal static class ModeratorCreation
{
    private const int MaxName = 120, MaxEmail = 256, MaxCapacity = 200, MaxPriority = 100;

    public static async Task<IResult> CreateAsync(ApiInput input, CreateModerator body, UserManager<AppUser> users, HttpContext context)
    {
        var name = body.Name?.Trim() ?? "";
        var email = body.Email?.Trim() ?? "";
        input.Check(name.Length is > 0 and <= MaxName, "name", $"1 to {MaxName} characters.");
        input.Check(email.Length is > 2 and <= MaxEmail && email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < email.Length - 1 && !email.Any(char.IsWhiteSpace), "email", "An email address is needed.");
        input.Check(body.MaxConversations is >= 1 and <= MaxCapacity, "maxConversations", $"1 to {MaxCapacity}.");
        input.Check(body.Priority is >= -MaxPriority and <= MaxPriority, "priority", $"-{MaxPriority} to {MaxPriority}.");
        if (input.IsBad) return input.Problem;

        var services = context.RequestServices;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        var user = new AppUser { UserName = email, Email = email, DisplayName = name, CreatedAt = now };
        if (await users.FindByEmailAsync(email) is not null || !(await users.CreateAsync(user)).Succeeded)
            return ApiProblems.Conflict("Somebody already has this email address.", ("result", "DuplicateEmail"));
        await services.GetRequiredService<Database>().WriteAsync(async session =>
        {
            session.Db.Moderators.Add(new Moderator { Id = user.Id, Name = name, MaxConversations = body.MaxConversations, Priority = body.Priority, StateSince = now });
            await session.Db.SaveChangesAsync();
        }, context.RequestAborted);
        return Results.Created($"/api/moderators/{user.Id}", new ModeratorCreated(user.Id));
    }
}
