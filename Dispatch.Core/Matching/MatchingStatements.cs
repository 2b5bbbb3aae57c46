using Dispatch.Core.Alerts;
using Dispatch.Core.Data;
using Dispatch.Core.Messaging;

namespace Dispatch.Core.Matching;

/// <summary>Every hand-written statement of matching, for the checks of their plans and of their SQL Server form.</summary>
internal static class MatchingStatements
{
    public static IEnumerable<string> All(SqlDialect dialect) =>
    [
        .. BookingClaims.Statements(dialect), .. OfferStore.Statements(dialect), .. OfferDelivery.Statements, .. ServiceMessages.Statements(dialect), .. AlertStore.Statements,
        FailedSearch.Keep, MatchingService.ExpireText(dialect, BulkRows.In("id", [1, 2]).Sql),
    ];
}
