using Dispatch.Core.Audit;
using Dispatch.Core.Broker;
using Dispatch.Core.Conflicts;
using Dispatch.Core.Conversations;
using Dispatch.Core.Data;
using Dispatch.Core.Locks;
using Dispatch.Core.Matching;
using Dispatch.Core.Moderators;
using Dispatch.Core.Outreach;
using Dispatch.Core.Nodes;
using Dispatch.Core.Numbers;
using Dispatch.Core.Overview;
using Dispatch.Core.Profiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.SqlServer.TransactSql.ScriptDom;

namespace Dispatch.Tests.Data;

/// <summary>No SQL Server runs on the build machines: at least every text for it has to be T-SQL. Syntax only; names are not resolved.</summary>
public class SqlServerTextTests
{
    [Fact]
    public void CreateScript_Parses()
    {
        using var db = Contexts.Create(DatabaseProvider.SqlServer);

        Assert.Empty(Errors(db.Database.GenerateCreateScript()));
    }

    [Fact]
    public void MigrationScript_Idempotent_Parses()
    {
        using var db = Contexts.Create(DatabaseProvider.SqlServer);

        Assert.Empty(Errors(db.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent)));
    }

    [Fact]
    public void EveryHandWrittenStatement_Parses() => Assert.All(
        InboundStore.Statements(SqlDialect.For(DatabaseProvider.SqlServer)).Concat(ConversationClaims.Statements(SqlDialect.For(DatabaseProvider.SqlServer)))
            .Concat(LockSql.Statements(DatabaseProvider.SqlServer)).Concat(DatabaseViews.DropStatements).Concat(DatabaseViews.CreateStatements)
            .Append(ApproachStore.Claim(DatabaseProvider.SqlServer)).Append(ConflictStore.Add(DatabaseProvider.SqlServer))
            .Concat(ProfileClaims.Statements).Concat(LoadBalancingService.Statements)
            .Append(QueueLine.Statement(SqlDialect.For(DatabaseProvider.SqlServer))).Append(Leases.Text(SqlDialect.For(DatabaseProvider.SqlServer)))
            .Concat(MatchingStatements.All(SqlDialect.For(DatabaseProvider.SqlServer))).Concat(OutreachStatements.All(SqlDialect.For(DatabaseProvider.SqlServer)))
            .Concat(BrokerServices.Statements(SqlDialect.For(DatabaseProvider.SqlServer))).Concat(NumberStatements.All)
            .Concat(RollupStatements.All(SqlDialect.For(DatabaseProvider.SqlServer))).Concat(AuditLog.Statements).Concat(Dispatch.Core.Retention.ProspectRetention.Statements)
            .Concat(NodeStore.Statements(SqlDialect.For(DatabaseProvider.SqlServer))),
        sql => Assert.Empty(Errors(sql)));

    [Fact]
    public void StatementForPostgres_DoesNotParse() => Assert.Contains(
        InboundStore.Statements(SqlDialect.For(DatabaseProvider.PostgreSql)), sql => sql.Contains("LATERAL", StringComparison.Ordinal) && Errors(sql).Count > 0);

    [Fact]
    public void DownScript_Parses()
    {
        using var db = Contexts.Create(DatabaseProvider.SqlServer);

        Assert.Empty(Errors(DownScript.Of(db, DownScript.Nothing)!));
    }

    private static List<string> Errors(string sql)
    {
        using var reader = new StringReader(sql);
        new TSql150Parser(initialQuotedIdentifiers: true).Parse(reader, out var errors);
        return [.. errors.Select(e => $"line {e.Line}: {e.Message} in {sql[..Math.Min(sql.Length, 120)]}")];
    }
}
