using Dispatch.Core.People;
using Microsoft.AspNetCore.Authorization;

namespace Dispatch.Web.Account;

/// <summary>Who may do what; every page and endpoint names one.</summary>
public static class Policies
{
    public const string Moderator = "Moderator";
    public const string Admin = "Admin";
    public const string AdminOrOps = "AdminOrOps";

    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(Moderator, p => p.RequireRole(Roles.Moderator));
        options.AddPolicy(Admin, p => p.RequireRole(Roles.Admin));
        options.AddPolicy(AdminOrOps, p => p.RequireRole(Roles.Admin, Roles.Ops));
    }
}
