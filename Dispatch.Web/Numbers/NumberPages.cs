namespace Dispatch.Web.Numbers;

internal static class NumberPages
{
    /// <summary>Clients, numbers, workers, dead letters and the link to a code.</summary>
    public static void AddDispatchNumberPages(this IServiceCollection services)
    {
        services.AddScoped<NumberWords>();
        services.AddSingleton<AdminCodes>();
    }
}
