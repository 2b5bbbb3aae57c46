using Dispatch.Core.Data;

namespace Dispatch.Core.Outreach;

/// <summary>Every hand-written statement of outreach, for the checks of their plans and of their SQL Server form.</summary>
internal static class OutreachStatements
{
    public static IEnumerable<string> All(SqlDialect dialect) => [.. ActionSql.Statements(dialect), .. FollowupJob.Statements(dialect)];
}
