namespace Dispatch.Web.Outreach;

internal static class OutreachPages
{
    /// <summary>Prospects, sequences, the action queue, accounts and the log.</summary>
    public static void AddDispatchOutreachPages(this IServiceCollection services) => services.AddScoped<OutreachSentences>();
}
