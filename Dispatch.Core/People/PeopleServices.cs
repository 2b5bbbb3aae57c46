using Dispatch.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Dispatch.Core.People;

public static class PeopleServices
{
    /// <summary>Who may sign in and as what. The host adds how they sign in (cookies, token providers) to the returned builder.</summary>
    public static IdentityBuilder AddDispatchPeople(this IServiceCollection services)
    {
        services.TryAddSingleton<PeopleService>();
        services.TryAddSingleton<SetupLinks>();
        return services
            .AddIdentityCore<AppUser>(options =>
            {
                options.User.RequireUniqueEmail = true;
                options.Lockout.MaxFailedAccessAttempts = 5;
                options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
                // Length beats composition: long passwords without rules about signs (NIST SP 800-63B).
                options.Password.RequiredLength = 10;
                options.Password.RequiredUniqueChars = 4;
                options.Password.RequireDigit = false;
                options.Password.RequireLowercase = false;
                options.Password.RequireUppercase = false;
                options.Password.RequireNonAlphanumeric = false;
            })
            .AddRoles<IdentityRole<long>>()
            .AddEntityFrameworkStores<DispatchDb>();
    }
}
